"""Files that someone else may have made: read within limits, checked before they are believed."""
