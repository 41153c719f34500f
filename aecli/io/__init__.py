"""What a user hands to a trained model, and what comes back: images, codes and tables as files."""
