"""Operations that an export may contain; a file with any other one is not loaded.

Each list holds what our own exports contain, and what other layers of Keras, or other estimators of
scikit-learn, become: functions of tensors alone. None of them opens a file or a connection, prints, calls
Python, or has a path among its attributes. Operations that keep a state are named apart, so that a new one is
looked at. ``tests/zoo/export/test_allowed.py`` holds the lists against the operations' own descriptions.
"""

from __future__ import annotations

_MATHEMATICS = """
Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh Ceil ClipByValue Complex ComplexAbs Cos Cosh
Cumprod Cumsum CumulativeLogsumexp Digamma Div DivNoNan Elu Erf Erfc Erfinv Exp Expm1 Floor FloorDiv
FloorMod Imag Inv IsFinite IsInf IsNan LeakyRelu Lgamma Log Log1p LogSoftmax Maximum Minimum Mod Mul
MulNoNan Ndtri Neg Pow Real RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Selu Sigmoid Sign Sin Sinh
Softmax Softplus Softsign Sqrt Square SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlog1py
Xlogy
"""
_COMPARISONS = """
All Any ApproximateEqual BitwiseAnd BitwiseOr BitwiseXor Equal Greater GreaterEqual Invert LeftShift Less
LessEqual LogicalAnd LogicalNot LogicalOr NotEqual RightShift Select SelectV2 Where
"""
_REDUCTIONS = """
ArgMax ArgMin Bincount Bucketize DenseBincount EuclideanNorm L2Loss LowerBound Max Mean Min Prod
RaggedBincount SegmentMax SegmentMaxV2 SegmentMean SegmentMin SegmentMinV2 SegmentProd SegmentProdV2
SegmentSum SegmentSumV2 Sum TopK TopKV2 Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2
UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum UpperBound
"""
_SHAPES = """
BatchToSpaceND BroadcastArgs BroadcastTo Bitcast Cast Concat ConcatOffset ConcatV2 Const DepthToSpace
DynamicPartition DynamicStitch EnsureShape ExpandDims Fill Gather GatherNd GatherV2 Identity IdentityN
InvertPermutation LinSpace MirrorPad NoOp OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch Placeholder
PlaceholderWithDefault PreventGradient RaggedGather RaggedRange RaggedTensorToTensor Range Rank Reshape
Reverse ReverseSequence ReverseV2 Roll ScatterNd Shape ShapeN Size Slice SpaceToBatchND SpaceToDepth Split
SplitV Squeeze StopGradient StridedSlice TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
TensorScatterUpdate Tile Transpose Unpack UnravelIndex ZerosLike
"""
_LAYERS = """
AvgPool AvgPool3D BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BiasAddV1 BlockLSTM BlockLSTMV2 Cholesky
Conv2D Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cross DepthwiseConv2dNative Diag DiagPart Dilation2D
Einsum FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 GRUBlockCell LRN LSTMBlockCell MatMul MatrixBandPart
MatrixDiagPartV3 MatrixDiagV3 MatrixInverse MatrixSetDiagV3 MaxPool MaxPool3D MaxPoolV2 ResizeArea
ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate
"""
_TEXTS = """
AsString ReduceJoin RegexFullMatch RegexReplace StaticRegexFullMatch StaticRegexReplace StringJoin
StringLength StringLower StringNGrams StringSplitV2 StringStrip StringToHashBucketFast
StringToHashBucketStrong StringToNumber StringUpper Substr UnicodeDecode UnicodeDecodeWithOffsets
UnicodeEncode UnicodeTranscode
"""
_CONTROL = """
EmptyTensorList PartitionedCall StatelessCase StatelessIf StatelessWhile TensorListConcatV2
TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem TensorListLength
TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListScatterV2
TensorListSetItem TensorListStack
"""
# Variables, tables and calls: their state is in the memory of the process alone.
_STATEFUL = """
Assert AssignVariableOp Case HashTableV2 If LookupTableFindV2 LookupTableImportV2 LookupTableSizeV2
ReadVariableOp ResourceGather ResourceGatherNd StatefulPartitionedCall VarHandleOp VarIsInitializedOp
VariableShape While
"""
STATEFUL = frozenset(_STATEFUL.split())
TENSORFLOW = STATEFUL.union(
    *(part.split() for part in (_MATHEMATICS, _COMPARISONS, _REDUCTIONS, _SHAPES, _LAYERS, _TEXTS, _CONTROL))
)
# What the functions that write and read checkpoints add. Nothing that a prediction calls may lead there.
CHECKPOINTS = frozenset(
    "DisableCopyOnRead MergeV2Checkpoints RestoreV2 SaveV2 ShardedFilename".split()  # noqa: SIM905 (as above)
)

_ONNX = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitShift
BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu Clip Compress Concat Constant
ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DepthToSpace Det Div Dropout Einsum Elu Equal Erf Exp
Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool
Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf
IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul
Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not OneHot Or PRelu Pad Pow RNN
Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence Round ScatterElements ScatterND
Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze
StringConcat StringNormalizer StringSplit Sub Sum Tan Tanh TfIdfVectorizer ThresholdedRelu Tile TopK
Transpose Trilu Unique Unsqueeze Where Xor
"""
_ONNX_ML = """
ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder
LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble
TreeEnsembleClassifier TreeEnsembleRegressor ZipMap
"""
ONNX: dict[str, frozenset[str]] = {
    "": frozenset(_ONNX.split()),
    "ai.onnx.ml": frozenset(_ONNX_ML.split()),
    "com.microsoft": frozenset({"Tokenizer", "CDist"}),  # skl2onnx writes distances with the latter
}

# By the names of LiteRT's schema. Operations of TensorFlow inside (Flex) and others of one's own are custom.
_LITERT = """
ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE ATAN2 AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BITCAST
BROADCAST_ARGS BROADCAST_TO BUCKETIZE CAST CEIL CONCATENATION CONV_2D CONV_3D CONV_3D_TRANSPOSE COS CUMSUM
DENSIFY DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP
EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GELU GREATER GREATER_EQUAL
HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LESS LESS_EQUAL LOCAL_RESPONSE_NORMALIZATION LOG
LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX LSTM MATRIX_DIAG MATRIX_SET_DIAG MAXIMUM MAX_POOL_2D
MEAN MINIMUM MIRROR_PAD MUL NEG NOT_EQUAL ONE_HOT PACK PAD PADV2 POW PRELU QUANTIZE RANGE RANK READ_VARIABLE
REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 RESHAPE
RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_SEQUENCE REVERSE_V2 RIGHT_SHIFT ROUND RSQRT SCATTER_ND
SEGMENT_SUM SELECT SELECT_V2 SHAPE SIGN SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V
SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH TILE TOPK_V2 TRANSPOSE TRANSPOSE_CONV
UNIQUE UNPACK UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM
VAR_HANDLE WHERE WHILE ZEROS_LIKE
"""
LITERT = frozenset(_LITERT.split())
