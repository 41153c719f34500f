# ruff: noqa: F401
"""The classes that `from aecli import ...` gives, for type checkers.

Written by tests/support/write_classes.py, from the options that there are.
"""

from aecli.latents.anneal.capacity import Capacity as Capacity
from aecli.latents.anneal.cyclical import Cyclical as Cyclical
from aecli.latents.anneal.linear import Linear as Linear
from aecli.latents.posteriors.gaussian import Gaussian as GaussianPosterior
from aecli.latents.posteriors.iaf import IAF as IAF
from aecli.latents.posteriors.planar import Planar as Planar
from aecli.latents.posteriors.von_mises_fisher import VonMisesFisher as VonMisesFisher
from aecli.latents.posteriors.wrapped_normal import WrappedNormal as WrappedNormal
from aecli.latents.priors.ball import Ball as Ball
from aecli.latents.priors.mixture import Mixture as Mixture
from aecli.latents.priors.sphere import Sphere as Sphere
from aecli.latents.priors.standard import Standard as Standard
from aecli.latents.priors.vamp import Vamp as Vamp
from aecli.losses.binary_crossentropy import BinaryCrossentropy as BinaryCrossentropy
from aecli.losses.categorical import Categorical as Categorical
from aecli.losses.charbonnier import Charbonnier as Charbonnier
from aecli.losses.continuous_bernoulli import ContinuousBernoulli as ContinuousBernoulli
from aecli.losses.discretized_logistic import DiscretizedLogistic as DiscretizedLogistic
from aecli.losses.discretized_logistic_mixture import (
    DiscretizedLogisticMixture as DiscretizedLogisticMixture,
)
from aecli.losses.focal_frequency import FocalFrequency as FocalFrequency
from aecli.losses.gaussian import Gaussian as GaussianLoss
from aecli.losses.log_cosh import LogCosh as LogCosh
from aecli.losses.mae import MAE as MAE
from aecli.losses.mixed import Mixed as Mixed
from aecli.losses.ms_ssim import MSSSIM as MSSSIM
from aecli.losses.mse import MSE as MSE
from aecli.losses.student_t import StudentT as StudentT
from aecli.models.aae import AAE as AAE
from aecli.models.acai import ACAI as ACAI
from aecli.models.ae import AE as AE
from aecli.models.batch_top_k import BatchTopK as BatchTopK
from aecli.models.beta_tc_vae import BetaTCVAE as BetaTCVAE
from aecli.models.ciwae import CIWAE as CIWAE
from aecli.models.contractive import Contractive as Contractive
from aecli.models.cvae import CVAE as CVAE
from aecli.models.deep_svdd import DeepSVDD as DeepSVDD
from aecli.models.dip_vae import DIPVAE as DIPVAE
from aecli.models.factor_vae import FactorVAE as FactorVAE
from aecli.models.fsq import FSQ as FSQ
from aecli.models.gated import Gated as Gated
from aecli.models.gumbel_vae import GumbelVAE as GumbelVAE
from aecli.models.hvae import HVAE as HVAE
from aecli.models.info_vae import InfoVAE as InfoVAE
from aecli.models.iwae import IWAE as IWAE
from aecli.models.iwae import MIWAE as MIWAE
from aecli.models.joint_vae import JointVAE as JointVAE
from aecli.models.jump_relu import JumpReLU as JumpReLU
from aecli.models.k_sparse import KSparse as KSparse
from aecli.models.ladder_vae import LadderVAE as LadderVAE
from aecli.models.lfq import LFQ as LFQ
from aecli.models.masked import Masked as Masked
from aecli.models.matryoshka import Matryoshka as Matryoshka
from aecli.models.nvae_small import NVAESmall as NVAESmall
from aecli.models.piwae import PIWAE as PIWAE
from aecli.models.rae import RAE as RAE
from aecli.models.rvq import RVQ as RVQ
from aecli.models.sigma_vae import SigmaVAE as SigmaVAE
from aecli.models.sparse import Sparse as Sparse
from aecli.models.top_k import TopK as TopK
from aecli.models.vae import VAE as VAE
from aecli.models.vae_gan import VAEGAN as VAEGAN
from aecli.models.vq_vae import VQVAE as VQVAE
from aecli.models.wae import WAE as WAE
from aecli.networks.conv import Conv as Conv
from aecli.networks.conv1d import Conv1D as Conv1D
from aecli.networks.dictionary import Dictionary as Dictionary
from aecli.networks.gru import GRU as GRU
from aecli.networks.lstm import LSTM as LSTM
from aecli.networks.mlp import MLP as MLP
from aecli.networks.resnet import ResNet as ResNet
from aecli.networks.seq2seq import Seq2Seq as Seq2Seq
from aecli.networks.transformer import Transformer as Transformer
from aecli.networks.vit import ViT as ViT
