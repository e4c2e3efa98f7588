# Written by benchmarks/stubs.py
# ruff: noqa: E501
import collections.abc
import typing

import numpy as np

from .calibration import Calibrated, ConformalRegressor
from .estimators.classes import KerasClassifier, KerasRegressor

class CNNClassifier(KerasClassifier):
    """CNN: a small residual network that learns its own image features, for images of any size.

    After airbench (Jordan 2024, arXiv:2404.00498) and the ResNet-9 of Page (2018): a fixed first layer that
    whitens patches, stages of two convolutions with batch normalisation (Ioffe and Szegedy 2015) and a shortcut,
    training images that are moved, and photographs also mirrored and partly covered, a learning rate that rises
    and falls once, and averaged weights. Width and epochs follow from number and size of the images.

    Parameters
    ----------
    width : int or "auto", default="auto"
        Filters of the first stage; the second has twice and all others four times as many. "auto" takes as
        many as number and size of the images call for and ``minutes`` allow.
    minutes : float, default=10.0
        CPU time of a training that width and epochs are chosen for where they are "auto", reckoned for a
        core of 95 GFLOP/s. More of it buys more accuracy; few images never use it up.
    activation : str, default="relu"
        Activation of the convolutions, any name that Keras knows.
    flip : bool or "auto", default="auto"
        Mirror training images at random, and predict the mean of an image and its mirror image. "auto" does
        so for colour pictures of 32 pixels and more, where left and right rarely matter, and not for digits
        and drawings.
    shift : int or "auto", default="auto"
        Pixels by which training images are moved at random along both sides. "auto" takes a 14th of
        the shorter side of colour pictures of 32 pixels and more, and a 28th of others.
    hole : int or "auto", default="auto"
        Side in pixels of a square that training images lose at random. "auto" takes a quarter of the shorter
        side of colour pictures of 32 pixels and more where there are at least 2,000 of them, else nothing.
    epochs : int or "auto", default="auto"
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.015
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.02
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="triangular"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``averaging = 0.99``
    - ``bias_rate = 4.0``
    - ``clip_norm = None``

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo import CNNClassifier
    >>> X = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = CNNClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        width: int | typing.Literal["auto"] = "auto",
        minutes: float = 10.0,
        activation: str = "relu",
        flip: bool | typing.Literal["auto"] = "auto",
        shift: int | typing.Literal["auto"] = "auto",
        hole: int | typing.Literal["auto"] = "auto",
        epochs: int | typing.Literal["auto"] = "auto",
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.015,
        patience: int | None = None,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "triangular",
        validation_fraction: float = 0.0,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class CNNRegressor(KerasRegressor):
    """CNN: a small residual network that learns its own image features, for images of any size.

    After airbench (Jordan 2024, arXiv:2404.00498) and the ResNet-9 of Page (2018): a fixed first layer that
    whitens patches, stages of two convolutions with batch normalisation (Ioffe and Szegedy 2015) and a shortcut,
    training images that are moved, and photographs also mirrored and partly covered, a learning rate that rises
    and falls once, and averaged weights. Width and epochs follow from number and size of the images.

    Parameters
    ----------
    width : int or "auto", default="auto"
        Filters of the first stage; the second has twice and all others four times as many. "auto" takes as
        many as number and size of the images call for and ``minutes`` allow.
    minutes : float, default=10.0
        CPU time of a training that width and epochs are chosen for where they are "auto", reckoned for a
        core of 95 GFLOP/s. More of it buys more accuracy; few images never use it up.
    activation : str, default="relu"
        Activation of the convolutions, any name that Keras knows.
    flip : bool or "auto", default="auto"
        Mirror training images at random, and predict the mean of an image and its mirror image. "auto" does
        so for colour pictures of 32 pixels and more, where left and right rarely matter, and not for digits
        and drawings.
    shift : int or "auto", default="auto"
        Pixels by which training images are moved at random along both sides. "auto" takes a 14th of
        the shorter side of colour pictures of 32 pixels and more, and a 28th of others.
    hole : int or "auto", default="auto"
        Side in pixels of a square that training images lose at random. "auto" takes a quarter of the shorter
        side of colour pictures of 32 pixels and more where there are at least 2,000 of them, else nothing.
    epochs : int or "auto", default="auto"
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.015
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.02
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="triangular"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``averaging = 0.99``
    - ``bias_rate = 4.0``
    - ``clip_norm = None``

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo import CNNRegressor
    >>> X = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
    >>> y = np.arange(60.0)
    >>> model = CNNRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        width: int | typing.Literal["auto"] = "auto",
        minutes: float = 10.0,
        activation: str = "relu",
        flip: bool | typing.Literal["auto"] = "auto",
        shift: int | typing.Literal["auto"] = "auto",
        hole: int | typing.Literal["auto"] = "auto",
        epochs: int | typing.Literal["auto"] = "auto",
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.015,
        patience: int | None = None,
        weight_decay: float = 0.02,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "triangular",
        validation_fraction: float = 0.0,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class DeepMLPClassifier(KerasClassifier):
    """Deep MLP: three hidden layers with today's recipe for tables, RealMLP made cheap.

    After Holzmueller, Grinsztajn and Steinwart, "Better by Default" (NeurIPS 2024): periodic embeddings of
    numbers, a scale for each feature, neural tangent parametrisation, parametric SELU, dropout, the coslog4
    schedule. Ours are quantile-scaled numbers, averaged weights (Polyak and Juditsky 1992), selection of
    the epoch by cross-entropy, a sixth of the epochs, no data-dependent start, and eight members that share
    their matrices (BatchEnsemble, Wen, Tran and Ba 2020): they cost as much as 64 epochs of one network
    twice as wide and score better.

    Parameters
    ----------
    hidden_units : tuple of int, default=(128, 128, 128)
        Units of each hidden layer, the first one first.
    activation : str, default="selu"
        Activation of the hidden layers, any name that Keras knows.
    dropout : float, default=0.15
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    frequencies : int, default=16
        Periodic features that embed each number; 0 takes numbers as they are.
    members : int, default=8
        Networks that share their matrices. Each learns by its own loss, and their mean prediction is the
        answer.
    epochs : int or "auto", default=40
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.04
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.02
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="coslog4"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``decay_schedule = 'flat-cosine'``
    - ``beta_2 = 0.95``
    - ``clip_norm = None``
    - ``averaging = 0.99``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import DeepMLPClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = DeepMLPClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        hidden_units: tuple[int, ...] = (128, 128, 128),
        activation: str = "selu",
        dropout: float = 0.15,
        embedding_dim: int = 8,
        frequencies: int = 16,
        members: int = 8,
        epochs: int | typing.Literal["auto"] = 40,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.04,
        patience: int | None = None,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "coslog4",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class DeepMLPRegressor(KerasRegressor):
    """Deep MLP: three hidden layers with today's recipe for tables, RealMLP made cheap.

    After Holzmueller, Grinsztajn and Steinwart, "Better by Default" (NeurIPS 2024): periodic embeddings of
    numbers, a scale for each feature, neural tangent parametrisation, parametric SELU, dropout, the coslog4
    schedule. Ours are quantile-scaled numbers, averaged weights (Polyak and Juditsky 1992), selection of
    the epoch by cross-entropy, a sixth of the epochs, no data-dependent start, and eight members that share
    their matrices (BatchEnsemble, Wen, Tran and Ba 2020): they cost as much as 64 epochs of one network
    twice as wide and score better.

    Parameters
    ----------
    hidden_units : tuple of int, default=(128, 128, 128)
        Units of each hidden layer, the first one first.
    activation : str, default="selu"
        Activation of the hidden layers, any name that Keras knows.
    dropout : float, default=0.15
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    frequencies : int, default=16
        Periodic features that embed each number; 0 takes numbers as they are.
    members : int, default=8
        Networks that share their matrices. Each learns by its own loss, and their mean prediction is the
        answer.
    epochs : int or "auto", default=40
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.04
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.02
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="coslog4"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``decay_schedule = 'flat-cosine'``
    - ``beta_2 = 0.95``
    - ``clip_norm = None``
    - ``averaging = 0.99``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import DeepMLPRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.arange(60.0)
    >>> model = DeepMLPRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        hidden_units: tuple[int, ...] = (128, 128, 128),
        activation: str = "selu",
        dropout: float = 0.15,
        embedding_dim: int = 8,
        frequencies: int = 16,
        members: int = 8,
        epochs: int | typing.Literal["auto"] = 40,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.04,
        patience: int | None = None,
        weight_decay: float = 0.02,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "coslog4",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class EmbeddingBagClassifier(KerasClassifier):
    """Embedding bag: vectors of words, word pairs and letter groups, added up by weight, then one linear layer.

    Joulin, Grave, Bojanowski and Mikolov (2017, arXiv 1607.01759), "Bag of Tricks for Efficient Text
    Classification" (fastText). Terms are the frequent ones, each with a vector of its own, where fastText hashes
    them into shared ones: so a term can be named in an explanation, and the exported graph needs no hash.

    Parameters
    ----------
    embedding_dim : int, default=64
        Values of a term's vector.
    hidden_units : int, default=0
        Units of a hidden layer behind the sum; 0 is none.
    dropout : float, default=0.5
        Share of the values before the output layer that a training step leaves out.
    epochs : int or "auto", default=30
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=3
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.1
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import EmbeddingBagClassifier
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = EmbeddingBagClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 64,
        hidden_units: int = 0,
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 30,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = 3,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.1,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class EmbeddingBagRegressor(KerasRegressor):
    """Embedding bag: vectors of words, word pairs and letter groups, added up by weight, then one linear layer.

    Joulin, Grave, Bojanowski and Mikolov (2017, arXiv 1607.01759), "Bag of Tricks for Efficient Text
    Classification" (fastText). Terms are the frequent ones, each with a vector of its own, where fastText hashes
    them into shared ones: so a term can be named in an explanation, and the exported graph needs no hash.

    Parameters
    ----------
    embedding_dim : int, default=64
        Values of a term's vector.
    hidden_units : int, default=0
        Units of a hidden layer behind the sum; 0 is none.
    dropout : float, default=0.5
        Share of the values before the output layer that a training step leaves out.
    epochs : int or "auto", default=30
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=3
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.1
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import EmbeddingBagRegressor
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.arange(60.0)
    >>> model = EmbeddingBagRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 64,
        hidden_units: int = 0,
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 30,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = 3,
        weight_decay: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class ImageEncoderClassifier(KerasClassifier):
    """Image encoder: a network that ImageNet trained sees the image, and a linear layer its features.

    What a million photographs taught helps with photographs of other things (Donahue et al. 2014; Kornblith,
    Shlens and Le 2019). The encoder stays as it is, so its features are computed once an image; its last blocks
    can be trained too. Weights are found on this machine: an EfficientNet-Lite0 (Tan and Le 2019), or a
    MobileNetV3 or EfficientNetV2-B0 of Keras.

    Parameters
    ----------
    weights : str, default="auto"
        A file with the encoder, or a folder that holds one; "auto" looks in the usual places.
    hidden_units : int, default=0
        Units of a hidden layer; 0 for none.
    dropout : float, default=0.0
        Share of the features, and of the hidden units, that a training step leaves out.
    fine_tune : bool, default=False
        Train the last blocks of the encoder too; a learning rate near 1e-4 and few epochs suit that.
    trained_layers : int, default=1
        Blocks of the encoder that ``fine_tune`` trains, the last ones.
    epochs : int or "auto", default=60
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=3.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo import ImageEncoderClassifier
    >>> X = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = ImageEncoderClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        weights: str = "auto",
        hidden_units: int = 0,
        dropout: float = 0.0,
        fine_tune: bool = False,
        trained_layers: int = 1,
        epochs: int | typing.Literal["auto"] = 60,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = None,
        weight_decay: float = 3.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.0,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class ImageEncoderRegressor(KerasRegressor):
    """Image encoder: a network that ImageNet trained sees the image, and a linear layer its features.

    What a million photographs taught helps with photographs of other things (Donahue et al. 2014; Kornblith,
    Shlens and Le 2019). The encoder stays as it is, so its features are computed once an image; its last blocks
    can be trained too. Weights are found on this machine: an EfficientNet-Lite0 (Tan and Le 2019), or a
    MobileNetV3 or EfficientNetV2-B0 of Keras.

    Parameters
    ----------
    weights : str, default="auto"
        A file with the encoder, or a folder that holds one; "auto" looks in the usual places.
    hidden_units : int, default=0
        Units of a hidden layer; 0 for none.
    dropout : float, default=0.0
        Share of the features, and of the hidden units, that a training step leaves out.
    fine_tune : bool, default=False
        Train the last blocks of the encoder too; a learning rate near 1e-4 and few epochs suit that.
    trained_layers : int, default=1
        Blocks of the encoder that ``fine_tune`` trains, the last ones.
    epochs : int or "auto", default=60
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=3.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo import ImageEncoderRegressor
    >>> X = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
    >>> y = np.arange(60.0)
    >>> model = ImageEncoderRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        weights: str = "auto",
        hidden_units: int = 0,
        dropout: float = 0.0,
        fine_tune: bool = False,
        trained_layers: int = 1,
        epochs: int | typing.Literal["auto"] = 60,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = None,
        weight_decay: float = 3.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.0,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class PerceptronClassifier(KerasClassifier):
    """Perceptron: one layer of units straight from the inputs, the single neuron.

    With one sigmoid or softmax layer this is logistic regression trained by gradient descent; with a
    linear output it is linear regression (Rosenblatt 1958; Bishop 2006, sections 4.1.7 and 4.3.2).

    Parameters
    ----------
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    epochs : int or "auto", default=200
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.01
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=20
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="constant"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import PerceptronClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = PerceptronClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 8,
        epochs: int | typing.Literal["auto"] = 200,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.01,
        patience: int | None = 20,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "constant",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class PerceptronRegressor(KerasRegressor):
    """Perceptron: one layer of units straight from the inputs, the single neuron.

    With one sigmoid or softmax layer this is logistic regression trained by gradient descent; with a
    linear output it is linear regression (Rosenblatt 1958; Bishop 2006, sections 4.1.7 and 4.3.2).

    Parameters
    ----------
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    epochs : int or "auto", default=200
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.01
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=20
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="constant"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import PerceptronRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.arange(60.0)
    >>> model = PerceptronRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 8,
        epochs: int | typing.Literal["auto"] = 200,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.01,
        patience: int | None = 20,
        weight_decay: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "constant",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class PlainCNNClassifier(KerasClassifier):
    """Plain CNN: three blocks of convolution and pooling, as courses teach them; ``cnn`` is the stronger network.

    Blocks of convolution, batch normalisation (Ioffe and Szegedy 2015), ReLU and pooling, as many as the
    image size allows, then one dense layer (LeCun et al. 1998; Lin, Chen and Yan 2014 for the global pooling).

    Parameters
    ----------
    filters : tuple of int, default=(32, 64, 128)
        Filters of each convolution, the first one first.
    kernel_size : int, default=3
        Height and width of a convolution in pixels.
    dense_units : int, default=128
        Units of the dense layer.
    activation : str, default="relu"
        Activation of convolutions and dense layer, any name that Keras knows.
    dropout : float, default=0.3
        Share of the values before and behind the dense layer that a training step leaves out.
    flip : bool or "auto", default="auto"
        Mirror training images at random. "auto" does so for colour pictures of 32 pixels and more, where
        left and right rarely matter, and not for digits and drawings.
    epochs : int or "auto", default=40
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=10
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.01
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo import PlainCNNClassifier
    >>> X = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = PlainCNNClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        filters: tuple[int, ...] = (32, 64, 128),
        kernel_size: int = 3,
        dense_units: int = 128,
        activation: str = "relu",
        dropout: float = 0.3,
        flip: bool | typing.Literal["auto"] = "auto",
        epochs: int | typing.Literal["auto"] = 40,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 10,
        weight_decay: float = 0.01,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class PlainCNNRegressor(KerasRegressor):
    """Plain CNN: three blocks of convolution and pooling, as courses teach them; ``cnn`` is the stronger network.

    Blocks of convolution, batch normalisation (Ioffe and Szegedy 2015), ReLU and pooling, as many as the
    image size allows, then one dense layer (LeCun et al. 1998; Lin, Chen and Yan 2014 for the global pooling).

    Parameters
    ----------
    filters : tuple of int, default=(32, 64, 128)
        Filters of each convolution, the first one first.
    kernel_size : int, default=3
        Height and width of a convolution in pixels.
    dense_units : int, default=128
        Units of the dense layer.
    activation : str, default="relu"
        Activation of convolutions and dense layer, any name that Keras knows.
    dropout : float, default=0.3
        Share of the values before and behind the dense layer that a training step leaves out.
    flip : bool or "auto", default="auto"
        Mirror training images at random. "auto" does so for colour pictures of 32 pixels and more, where
        left and right rarely matter, and not for digits and drawings.
    epochs : int or "auto", default=40
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=10
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.01
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np
    >>> from deepworth.zoo import PlainCNNRegressor
    >>> X = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
    >>> y = np.arange(60.0)
    >>> model = PlainCNNRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        filters: tuple[int, ...] = (32, 64, 128),
        kernel_size: int = 3,
        dense_units: int = 128,
        activation: str = "relu",
        dropout: float = 0.3,
        flip: bool | typing.Literal["auto"] = "auto",
        epochs: int | typing.Literal["auto"] = 40,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 10,
        weight_decay: float = 0.01,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class PlainMLPClassifier(KerasClassifier):
    """Plain MLP: three hidden layers with dropout, the deep network of the textbooks.

    Robust-scaled inputs, ReLU layers with He initialisation (He et al. 2015), dropout
    (Srivastava et al. 2014), decoupled weight decay (Loshchilov and Hutter 2019) and a cosine schedule. What
    ``deep-mlp`` adds to it shows in a comparison of the two.

    Parameters
    ----------
    hidden_units : tuple of int, default=(256, 256, 256)
        Units of each hidden layer, the first one first.
    activation : str, default="relu"
        Activation of the hidden layers, any name that Keras knows.
    dropout : float, default=0.15
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    epochs : int or "auto", default=100
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=25
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.02
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import PlainMLPClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = PlainMLPClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        hidden_units: tuple[int, ...] = (256, 256, 256),
        activation: str = "relu",
        dropout: float = 0.15,
        embedding_dim: int = 8,
        epochs: int | typing.Literal["auto"] = 100,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 25,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class PlainMLPRegressor(KerasRegressor):
    """Plain MLP: three hidden layers with dropout, the deep network of the textbooks.

    Robust-scaled inputs, ReLU layers with He initialisation (He et al. 2015), dropout
    (Srivastava et al. 2014), decoupled weight decay (Loshchilov and Hutter 2019) and a cosine schedule. What
    ``deep-mlp`` adds to it shows in a comparison of the two.

    Parameters
    ----------
    hidden_units : tuple of int, default=(256, 256, 256)
        Units of each hidden layer, the first one first.
    activation : str, default="relu"
        Activation of the hidden layers, any name that Keras knows.
    dropout : float, default=0.15
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    epochs : int or "auto", default=100
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=25
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.02
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import PlainMLPRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.arange(60.0)
    >>> model = PlainMLPRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        hidden_units: tuple[int, ...] = (256, 256, 256),
        activation: str = "relu",
        dropout: float = 0.15,
        embedding_dim: int = 8,
        epochs: int | typing.Literal["auto"] = 100,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 25,
        weight_decay: float = 0.02,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class RNNClassifier(KerasClassifier):
    """RNN: a bidirectional recurrent network that reads words in their order.

    Learned word vectors, LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014) read in both
    directions (Schuster and Paliwal 1997), then mean, maximum and attention over its states, and attention over
    the words themselves. Long texts are read a few words at a time.

    Parameters
    ----------
    embedding_dim : int, default=64
        Values of a word vector.
    recurrent_units : int, default=64
        Units of the recurrent layer, in each direction.
    cell : {"lstm", "gru"}, default="lstm"
        Kind of the recurrent layer.
    bidirectional : bool, default=True
        Read the words from both ends.
    dropout : float, default=0.5
        Share of the pooled values that a training step leaves out; of the words' values it is half of that.
    epochs : int or "auto", default=20
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.003
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=5
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.05
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``averaging = 0.98``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import RNNClassifier
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = RNNClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 64,
        recurrent_units: int = 64,
        cell: typing.Literal["lstm", "gru"] = "lstm",
        bidirectional: bool = True,
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 20,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.003,
        patience: int | None = 5,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.05,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class RNNRegressor(KerasRegressor):
    """RNN: a bidirectional recurrent network that reads words in their order.

    Learned word vectors, LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014) read in both
    directions (Schuster and Paliwal 1997), then mean, maximum and attention over its states, and attention over
    the words themselves. Long texts are read a few words at a time.

    Parameters
    ----------
    embedding_dim : int, default=64
        Values of a word vector.
    recurrent_units : int, default=64
        Units of the recurrent layer, in each direction.
    cell : {"lstm", "gru"}, default="lstm"
        Kind of the recurrent layer.
    bidirectional : bool, default=True
        Read the words from both ends.
    dropout : float, default=0.5
        Share of the pooled values that a training step leaves out; of the words' values it is half of that.
    epochs : int or "auto", default=20
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.003
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=5
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``averaging = 0.98``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import RNNRegressor
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.arange(60.0)
    >>> model = RNNRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 64,
        recurrent_units: int = 64,
        cell: typing.Literal["lstm", "gru"] = "lstm",
        bidirectional: bool = True,
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 20,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.003,
        patience: int | None = 5,
        weight_decay: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class SentenceEncoderClassifier(KerasClassifier):
    """Sentence encoder: a pretrained transformer reads the text, and a linear layer its vector.

    An encoder of the class of MiniLM (Wang et al. 2020) that was trained to give like texts like vectors (Reimers
    and Gurevych 2019). Vectors of the layers below tell more of tone than that of the last one, and TF-IDF more
    of names and rare words, so they stand beside it. The encoder stays as it is, so its vectors are computed once
    a text; the last layers can be trained too. Weights are found on this machine, in the layout of
    sentence-transformers.

    Parameters
    ----------
    weights : str, default="auto"
        A folder with the encoder; "auto" looks in the usual places.
    layers : int, default=3
        Layers of the encoder whose vectors of a text stand side by side, the last ones; 1 for the encoder's
        own vector alone.
    beside_terms : bool, default=True
        Add a linear layer on the TF-IDF of words and word pairs to that on the vectors.
    hidden_units : int, default=0
        Units of a hidden layer; 0 for none.
    dropout : float, default=0.0
        Share of the vector's values, and of the hidden units, that a training step leaves out.
    fine_tune : bool, default=False
        Train the last layers of the encoder too; a learning rate near 1e-4 and few epochs suit that.
    trained_layers : int, default=1
        Layers of the encoder that ``fine_tune`` trains, the last ones.
    epochs : int or "auto", default=60
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=3.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import SentenceEncoderClassifier
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = SentenceEncoderClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        weights: str = "auto",
        layers: int = 3,
        beside_terms: bool = True,
        hidden_units: int = 0,
        dropout: float = 0.0,
        fine_tune: bool = False,
        trained_layers: int = 1,
        epochs: int | typing.Literal["auto"] = 60,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = None,
        weight_decay: float = 3.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.0,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class SentenceEncoderRegressor(KerasRegressor):
    """Sentence encoder: a pretrained transformer reads the text, and a linear layer its vector.

    An encoder of the class of MiniLM (Wang et al. 2020) that was trained to give like texts like vectors (Reimers
    and Gurevych 2019). Vectors of the layers below tell more of tone than that of the last one, and TF-IDF more
    of names and rare words, so they stand beside it. The encoder stays as it is, so its vectors are computed once
    a text; the last layers can be trained too. Weights are found on this machine, in the layout of
    sentence-transformers.

    Parameters
    ----------
    weights : str, default="auto"
        A folder with the encoder; "auto" looks in the usual places.
    layers : int, default=3
        Layers of the encoder whose vectors of a text stand side by side, the last ones; 1 for the encoder's
        own vector alone.
    beside_terms : bool, default=True
        Add a linear layer on the TF-IDF of words and word pairs to that on the vectors.
    hidden_units : int, default=0
        Units of a hidden layer; 0 for none.
    dropout : float, default=0.0
        Share of the vector's values, and of the hidden units, that a training step leaves out.
    fine_tune : bool, default=False
        Train the last layers of the encoder too; a learning rate near 1e-4 and few epochs suit that.
    trained_layers : int, default=1
        Layers of the encoder that ``fine_tune`` trains, the last ones.
    epochs : int or "auto", default=60
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=3.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import SentenceEncoderRegressor
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.arange(60.0)
    >>> model = SentenceEncoderRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        weights: str = "auto",
        layers: int = 3,
        beside_terms: bool = True,
        hidden_units: int = 0,
        dropout: float = 0.0,
        fine_tune: bool = False,
        trained_layers: int = 1,
        epochs: int | typing.Literal["auto"] = 60,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = None,
        weight_decay: float = 3.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.0,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class ShallowMLPClassifier(KerasClassifier):
    """Shallow MLP: one hidden layer, enough for any continuous function in principle.

    The textbook network (Rumelhart, Hinton and Williams 1986; universal approximation: Cybenko 1989).

    Parameters
    ----------
    hidden_units : int, default=128
        Units of the hidden layer.
    activation : str, default="relu"
        Activation of the hidden layer, any name that Keras knows.
    dropout : float, default=0.1
        Share of the hidden units that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    epochs : int or "auto", default=200
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.003
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=20
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="constant"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import ShallowMLPClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = ShallowMLPClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        hidden_units: int = 128,
        activation: str = "relu",
        dropout: float = 0.1,
        embedding_dim: int = 8,
        epochs: int | typing.Literal["auto"] = 200,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.003,
        patience: int | None = 20,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "constant",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class ShallowMLPRegressor(KerasRegressor):
    """Shallow MLP: one hidden layer, enough for any continuous function in principle.

    The textbook network (Rumelhart, Hinton and Williams 1986; universal approximation: Cybenko 1989).

    Parameters
    ----------
    hidden_units : int, default=128
        Units of the hidden layer.
    activation : str, default="relu"
        Activation of the hidden layer, any name that Keras knows.
    dropout : float, default=0.1
        Share of the hidden units that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    epochs : int or "auto", default=200
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.003
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=20
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="constant"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import ShallowMLPRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.arange(60.0)
    >>> model = ShallowMLPRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        hidden_units: int = 128,
        activation: str = "relu",
        dropout: float = 0.1,
        embedding_dim: int = 8,
        epochs: int | typing.Literal["auto"] = 200,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.003,
        patience: int | None = 20,
        weight_decay: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "constant",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class StaticVectorsClassifier(KerasClassifier):
    """Static vectors: the mean of pretrained vectors of word pieces, and a linear layer on it.

    Vectors of words that were learned from much other text know which words mean alike, so few rows are enough;
    the order of words is lost. With TF-IDF beside them, many rows are used as well. Vectors are of WordLlama's or
    model2vec's layout (Tulkens and van Dongen 2024), frozen, and found on this machine.

    Parameters
    ----------
    weights : str, default="auto"
        A folder or file with the vectors; "auto" looks in the usual places.
    beside_terms : bool, default=True
        Add a linear layer on the TF-IDF of words and word pairs to that on the mean vector.
    hidden_units : int, default=0
        Units of a hidden layer; 0 for none.
    dropout : float, default=0.0
        Share of the vector's values, and of the hidden units, that a training step leaves out.
    epochs : int or "auto", default=60
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=3.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import StaticVectorsClassifier
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = StaticVectorsClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        weights: str = "auto",
        beside_terms: bool = True,
        hidden_units: int = 0,
        dropout: float = 0.0,
        epochs: int | typing.Literal["auto"] = 60,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = None,
        weight_decay: float = 3.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.0,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class StaticVectorsRegressor(KerasRegressor):
    """Static vectors: the mean of pretrained vectors of word pieces, and a linear layer on it.

    Vectors of words that were learned from much other text know which words mean alike, so few rows are enough;
    the order of words is lost. With TF-IDF beside them, many rows are used as well. Vectors are of WordLlama's or
    model2vec's layout (Tulkens and van Dongen 2024), frozen, and found on this machine.

    Parameters
    ----------
    weights : str, default="auto"
        A folder or file with the vectors; "auto" looks in the usual places.
    beside_terms : bool, default=True
        Add a linear layer on the TF-IDF of words and word pairs to that on the mean vector.
    hidden_units : int, default=0
        Units of a hidden layer; 0 for none.
    dropout : float, default=0.0
        Share of the vector's values, and of the hidden units, that a training step leaves out.
    epochs : int or "auto", default=60
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.001
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=None
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=3.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.0
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import StaticVectorsRegressor
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.arange(60.0)
    >>> model = StaticVectorsRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        weights: str = "auto",
        beside_terms: bool = True,
        hidden_units: int = 0,
        dropout: float = 0.0,
        epochs: int | typing.Literal["auto"] = 60,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.001,
        patience: int | None = None,
        weight_decay: float = 3.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.0,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class TabmClassifier(KerasClassifier):
    """TabM: an ensemble of MLPs that share their matrices, trained as one network.

    Gorishniy, Kotelnikov and Babenko, "TabM: Advancing Tabular Deep Learning with Parameter-Efficient
    Ensembling" (ICLR 2025), on BatchEnsemble (Wen, Tran and Ba 2020). Every member is trained by its own
    loss, and their mean prediction is the answer. Smaller than the original (16 members of 2 x 256 instead
    of 32 of 3 x 512), with periodic embeddings of the numbers.

    Parameters
    ----------
    members : int, default=16
        Networks of the ensemble.
    hidden_units : tuple of int, default=(256, 256)
        Units of each hidden layer, the first one first.
    activation : str, default="relu"
        Activation of the hidden layers, any name that Keras knows.
    dropout : float, default=0.1
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    frequencies : int, default=16
        Periodic features that embed each number; 0 takes numbers as they are.
    epochs : int or "auto", default=100
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=16
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0003
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="constant"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``clip_norm = None``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import TabmClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = TabmClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        members: int = 16,
        hidden_units: tuple[int, ...] = (256, 256),
        activation: str = "relu",
        dropout: float = 0.1,
        embedding_dim: int = 8,
        frequencies: int = 16,
        epochs: int | typing.Literal["auto"] = 100,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 16,
        weight_decay: float = 0.0003,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "constant",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class TabmRegressor(KerasRegressor):
    """TabM: an ensemble of MLPs that share their matrices, trained as one network.

    Gorishniy, Kotelnikov and Babenko, "TabM: Advancing Tabular Deep Learning with Parameter-Efficient
    Ensembling" (ICLR 2025), on BatchEnsemble (Wen, Tran and Ba 2020). Every member is trained by its own
    loss, and their mean prediction is the answer. Smaller than the original (16 members of 2 x 256 instead
    of 32 of 3 x 512), with periodic embeddings of the numbers.

    Parameters
    ----------
    members : int, default=16
        Networks of the ensemble.
    hidden_units : tuple of int, default=(256, 256)
        Units of each hidden layer, the first one first.
    activation : str, default="relu"
        Activation of the hidden layers, any name that Keras knows.
    dropout : float, default=0.1
        Share of the units of a hidden layer that a training step leaves out.
    embedding_dim : int, default=8
        Most values that a category is embedded in.
    frequencies : int, default=16
        Periodic features that embed each number; 0 takes numbers as they are.
    epochs : int or "auto", default=100
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=16
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0003
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="constant"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    n_features_in_ : int
        Columns of the training table.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``clip_norm = None``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import TabmRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(20, 80, 60), "smoker": rng.choice(["yes", "no"], 60)})
    >>> y = np.arange(60.0)
    >>> model = TabmRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        members: int = 16,
        hidden_units: tuple[int, ...] = (256, 256),
        activation: str = "relu",
        dropout: float = 0.1,
        embedding_dim: int = 8,
        frequencies: int = 16,
        epochs: int | typing.Literal["auto"] = 100,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 16,
        weight_decay: float = 0.0003,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "constant",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class TextCNNClassifier(KerasClassifier):
    """Text CNN: filters over a few neighbouring words, and the strongest answer of each.

    Kim (2014), "Convolutional Neural Networks for Sentence Classification" (CNN-rand: no pretrained vectors).

    Parameters
    ----------
    embedding_dim : int, default=64
        Values of a word vector.
    filters : int, default=64
        Filters of each width.
    widths : tuple of int, default=(3, 4, 5)
        Neighbouring words that a filter sees.
    dropout : float, default=0.5
        Share of the strongest answers that a training step leaves out.
    epochs : int or "auto", default=12
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=3
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``averaging = 0.98``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import TextCNNClassifier
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = TextCNNClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 64,
        filters: int = 64,
        widths: tuple[int, ...] = (3, 4, 5),
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 12,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 3,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class TextCNNRegressor(KerasRegressor):
    """Text CNN: filters over a few neighbouring words, and the strongest answer of each.

    Kim (2014), "Convolutional Neural Networks for Sentence Classification" (CNN-rand: no pretrained vectors).

    Parameters
    ----------
    embedding_dim : int, default=64
        Values of a word vector.
    filters : int, default=64
        Filters of each width.
    widths : tuple of int, default=(3, 4, 5)
        Neighbouring words that a filter sees.
    dropout : float, default=0.5
        Share of the strongest answers that a training step leaves out.
    epochs : int or "auto", default=12
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.002
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=3
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.15
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Notes
    -----
    Fixed settings of the training, see :class:`deepworth.zoo.training.Settings`:

    - ``averaging = 0.98``

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import TextCNNRegressor
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.arange(60.0)
    >>> model = TextCNNRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 64,
        filters: int = 64,
        widths: tuple[int, ...] = (3, 4, 5),
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 12,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.002,
        patience: int | None = 3,
        weight_decay: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class WideMLPClassifier(KerasClassifier):
    """Wide MLP: one wide hidden layer on the TF-IDF of words and word pairs.

    Galke and Scherp (ACL 2022), "Bag-of-Words vs. Graph vs. Sequence in Text Classification": level with or above
    recurrent and graph networks that have not been pretrained. The first layer adds up a vector for each term of
    a text, so its cost is that of the terms that are there and not that of all terms.

    Parameters
    ----------
    hidden_units : int, default=512
        Units of the hidden layer; 1,024 in the paper, which takes twice the time.
    dropout : float, default=0.5
        Share of the hidden units that a training step leaves out.
    epochs : int or "auto", default=10
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.003
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=3
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over the classes.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.1
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    class_weight : dict, "balanced" or None, default=None
        Weights by class; "balanced" gives all classes the same total weight.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels in the order of the columns of ``predict_proba``.
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import WideMLPClassifier
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.resize(["no", "yes"], 60)
    >>> model = WideMLPClassifier(epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    """

    def __init__(
        self,
        *,
        hidden_units: int = 512,
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 10,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.003,
        patience: int | None = 3,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.1,
        class_weight: collections.abc.Mapping[str, float]
        | collections.abc.Mapping[int, float]
        | typing.Literal["balanced"]
        | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

class WideMLPRegressor(KerasRegressor):
    """Wide MLP: one wide hidden layer on the TF-IDF of words and word pairs.

    Galke and Scherp (ACL 2022), "Bag-of-Words vs. Graph vs. Sequence in Text Classification": level with or above
    recurrent and graph networks that have not been pretrained. The first layer adds up a vector for each term of
    a text, so its cost is that of the terms that are there and not that of all terms.

    Parameters
    ----------
    hidden_units : int, default=512
        Units of the hidden layer; 1,024 in the paper, which takes twice the time.
    dropout : float, default=0.5
        Share of the hidden units that a training step leaves out.
    epochs : int or "auto", default=10
        Passes over the training rows at most. "auto", for networks that have it as default, goes by number
        and size of the rows.
    batch_size : int or "auto", default="auto"
        Rows a step, rounded down to a power of two. "auto" takes 32 to 1024 by the number of rows.
    learning_rate : float, default=0.003
        Learning rate of AdamW, before the schedule.
    patience : int or None, default=3
        Epochs without a better validation loss before training stops; None never stops early. The weights
        of the best epoch are kept in any case.
    weight_decay : float, default=0.0
        Decoupled decay of matrices; biases and embeddings have none.
    schedule : {"constant", "cosine", "flat-cosine", "coslog4", "triangular"}, default="cosine"
        Learning rate over ``epochs``: "constant"; "cosine" falls to zero in half a cosine; "flat-cosine"
        does so after a constant first half; "coslog4" rises from zero and falls back four times, each cycle
        twice as long as the one before; "triangular" rises over the first quarter and falls to zero.
    validation_fraction : float, default=0.1
        Share of the training rows that validates each epoch; 0 trains on all rows to the end.
    random_state : int, RandomState or None, default=None
        Seed of inner split, initial weights, batches and dropout.
    verbose : int, default=0
        1 prints a line an epoch on stderr.
    ensemble : bool, default=False
        Train ``ensemble_size`` networks on the folds of a cross-validation and predict their mean.
    ensemble_size : int, default=5
        Networks of an ensemble.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: encoded rows in, linear outputs out.
    history_ : dict of list of float
        ``loss`` and ``val_loss`` by epoch, of the first network of an ensemble.
    best_epoch_ : int
        The epoch whose weights were kept, counted from 0, of the first network of an ensemble.
    n_iter_ : int
        Epochs trained, the most of an ensemble.
    members_ : list of dict
        ``history``, ``best_epoch`` and ``seconds`` of every trained network.
    fit_seconds_ : float
        Wall time of ``fit``, preprocessing and compilation included. After ``fit_many`` it is the sum over
        the networks of this estimator, which shared the machine with others.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from deepworth.zoo import WideMLPRegressor
    >>> X = pd.Series(["a dull film", "a lovely book", "a fine play"] * 20)
    >>> y = np.arange(60.0)
    >>> model = WideMLPRegressor(epochs=2, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (60,)
    """

    def __init__(
        self,
        *,
        hidden_units: int = 512,
        dropout: float = 0.5,
        epochs: int | typing.Literal["auto"] = 10,
        batch_size: int | typing.Literal["auto"] = "auto",
        learning_rate: float = 0.003,
        patience: int | None = 3,
        weight_decay: float = 0.0,
        schedule: typing.Literal["constant", "cosine", "flat-cosine", "coslog4", "triangular"] = "cosine",
        validation_fraction: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        ensemble: bool = False,
        ensemble_size: int = 5,
    ) -> None: ...

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "Calibrated",
    "ConformalRegressor",
    "DeepMLPClassifier",
    "DeepMLPRegressor",
    "EmbeddingBagClassifier",
    "EmbeddingBagRegressor",
    "ImageEncoderClassifier",
    "ImageEncoderRegressor",
    "KerasClassifier",
    "KerasRegressor",
    "PerceptronClassifier",
    "PerceptronRegressor",
    "PlainCNNClassifier",
    "PlainCNNRegressor",
    "PlainMLPClassifier",
    "PlainMLPRegressor",
    "RNNClassifier",
    "RNNRegressor",
    "SentenceEncoderClassifier",
    "SentenceEncoderRegressor",
    "ShallowMLPClassifier",
    "ShallowMLPRegressor",
    "StaticVectorsClassifier",
    "StaticVectorsRegressor",
    "TabmClassifier",
    "TabmRegressor",
    "TextCNNClassifier",
    "TextCNNRegressor",
    "WideMLPClassifier",
    "WideMLPRegressor",
]
