"""The doubly reparameterised gradient of importance-weighted bounds (Tucker 2019)."""

from keras import ops


def gradient_scale(log_weights, beta=1.0):
    """What the bound's gradient through each draw z is multiplied by: [..., k], 0 to 1.

    log_weights: of w = p(x|z) (p(z) / q(z|x))^beta, [..., k], the draws of a bound along the last
    axis. The bound's gradient through z has the share s = w / sum w of d log w / dz. That through
    the parameters of q is left out, as its mean over draws is that of -beta s (1 - s) d log w / dz:
    what remains is s (1 - beta (1 - s)). For beta = 1 that is s^2: the IWAE-DReG of Tucker et al.
    2019.
    """
    share = ops.softmax(ops.stop_gradient(log_weights), axis=-1)
    return 1.0 - beta * (1.0 - share)


def scaled(z, scale):
    """z itself, its gradient multiplied by scale."""
    fixed = ops.stop_gradient(z)
    return fixed + scale * (z - fixed)
