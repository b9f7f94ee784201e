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
from gradstep_engine.distributions.constraint_registry import biject_to, transform_to
from gradstep_engine.distributions.derived import Gumbel, HalfNormal, LogNormal
from gradstep_engine.distributions.dirichlet import Dirichlet
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.exponential import Exponential
from gradstep_engine.distributions.fishersnedecor import FisherSnedecor
from gradstep_engine.distributions.gamma import Chi2, Gamma
from gradstep_engine.distributions.geometric import Geometric
from gradstep_engine.distributions.half_cauchy import HalfCauchy
from gradstep_engine.distributions.independent import Independent
from gradstep_engine.distributions.inverse_gamma import InverseGamma
from gradstep_engine.distributions.kl import kl_divergence, register_kl
from gradstep_engine.distributions.kumaraswamy import Kumaraswamy
from gradstep_engine.distributions.laplace import Laplace
from gradstep_engine.distributions.logistic_normal import LogisticNormal
from gradstep_engine.distributions.mixture_same_family import MixtureSameFamily
from gradstep_engine.distributions.multinomial import Multinomial
from gradstep_engine.distributions.multivariate_normal import MultivariateNormal
from gradstep_engine.distributions.negative_binomial import NegativeBinomial
from gradstep_engine.distributions.normal import Normal
from gradstep_engine.distributions.pareto import Pareto
from gradstep_engine.distributions.poisson import Poisson
from gradstep_engine.distributions.relaxed import (
    LogitRelaxedBernoulli,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
)
from gradstep_engine.distributions.studentT import StudentT
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution
from gradstep_engine.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    CatTransform,
    ComposeTransform,
    CumulativeDistributionTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    PowerTransform,
    ReshapeTransform,
    SigmoidTransform,
    SoftmaxTransform,
    SoftplusTransform,
    StackTransform,
    StickBreakingTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from gradstep_engine.distributions.uniform import Uniform
from gradstep_engine.distributions.weibull import Weibull
from gradstep_engine.missing import lacking

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Binomial",
    "CatTransform",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ComposeTransform",
    "CumulativeDistributionTransform",
    "Dirichlet",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "FisherSnedecor",
    "Gamma",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Independent",
    "IndependentTransform",
    "InverseGamma",
    "Kumaraswamy",
    "Laplace",
    "LogNormal",
    "LogisticNormal",
    "LogitRelaxedBernoulli",
    "LowerCholeskyTransform",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "StudentT",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "Weibull",
    "biject_to",
    "identity_transform",
    "kl_divergence",
    "register_kl",
    "transform_to",
]


__getattr__ = lacking("torch.distributions")
