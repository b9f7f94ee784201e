"""Probability distributions: sampling, densities, entropies, divergences."""

from gradstep_engine.distributions import constraints as constraints
from gradstep_engine.distributions import transforms as transforms
from gradstep_engine.distributions.bernoulli import Bernoulli
from gradstep_engine.distributions.beta import Beta
from gradstep_engine.distributions.binomial import Binomial
from gradstep_engine.distributions.categorical import (
    Categorical,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from gradstep_engine.distributions.cauchy import Cauchy
from gradstep_engine.distributions.derived import Gumbel, HalfNormal, LogNormal
from gradstep_engine.distributions.dirichlet import Dirichlet
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.exponential import Exponential
from gradstep_engine.distributions.gamma import Chi2, Gamma
from gradstep_engine.distributions.geometric import Geometric
from gradstep_engine.distributions.independent import Independent
from gradstep_engine.distributions.kl import kl_divergence, register_kl
from gradstep_engine.distributions.laplace import Laplace
from gradstep_engine.distributions.multinomial import Multinomial
from gradstep_engine.distributions.normal import Normal
from gradstep_engine.distributions.poisson import Poisson
from gradstep_engine.distributions.relaxed import (
    LogitRelaxedBernoulli,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
)
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution
from gradstep_engine.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    PowerTransform,
    SigmoidTransform,
    SoftplusTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from gradstep_engine.distributions.uniform import Uniform
from gradstep_engine.missing import lacking

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ComposeTransform",
    "Dirichlet",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "Gamma",
    "Geometric",
    "Gumbel",
    "HalfNormal",
    "Independent",
    "Laplace",
    "LogNormal",
    "LogitRelaxedBernoulli",
    "Multinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Poisson",
    "PowerTransform",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "SigmoidTransform",
    "SoftplusTransform",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "identity_transform",
    "kl_divergence",
    "register_kl",
]


__getattr__ = lacking("torch.distributions")
