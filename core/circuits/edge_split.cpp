#include "core/circuits/edge_split.h"

#include "core/circuits/graph_export.h"
#include "core/circuits/pullback.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace tt {
namespace {

/// y (columns) = Wᵀ x for W (rows, columns).
template <class T>
std::vector<T> transposedProduct(const std::vector<T> &w, const T *x, int rows, int columns) {
    std::vector<T> y(static_cast<size_t>(columns));
    for (int r = 0; r < rows; ++r)
        kernels<T>().axpy(x[r], w.data() + int64_t{r} * columns, y.data(), columns);
    return y;
}

/// Reads a pushed change with the gradient of one target that has passed no attention yet, layer by layer downwards.
template <class T>
class SplitReader {
public:
    SplitReader(const TracedPrompt<T> &trace, const FrozenInput<T> &input, int from, int position)
        : trace_(trace), input_(input),
          change_(pushFrozen(trace.gpt, trace.transcoder, trace.activations, input, from)), from_(from),
          position_(position), d_(trace.gpt.config.dModel), pullback_(trace.gpt, trace.transcoder, trace.activations) {}

    EdgeSplit ofFeature(const Node &target) {
        const auto layer = static_cast<size_t>(target.layer), p = static_cast<size_t>(target.position);
        GradientBlock<T> direct =
            pullback_.seed(trace_.transcoder.encoderRow(target.layer, target.id), 1, target.position,
                           trace_.gpt.blocks[layer].ln2, trace_.activations.blocks[layer].ln2Sigma[p]);
        readHeads(target.layer, direct);
        return descend(target.layer - 1, direct);
    }

    EdgeSplit ofLogit(const Node &target) {
        const std::vector<T> direction = logitDirection(trace_.gpt, target);
        GradientBlock<T> direct = pullback_.seed(direction, 1, position_, trace_.gpt.finalNorm,
                                                 trace_.activations.finalSigma[static_cast<size_t>(position_)]);
        return descend(trace_.gpt.config.layers - 1, direct);
    }

private:
    EdgeSplit descend(int layer, GradientBlock<T> &direct) {
        for (; layer >= 0; --layer) {
            const auto l = static_cast<size_t>(layer);
            if (l < input_.mlp.size() && !input_.mlp[l].empty())
                split_.residual += read(input_.mlp[l], direct);
            pullback_.throughSkip(layer, direct);
            readHeads(layer, direct);
        }
        if (!input_.embedding.empty())
            split_.residual += read(input_.embedding, direct);
        const auto key = [](const HeadShare &h) { return std::tuple(h.layer, h.head, h.position); };
        std::sort(split_.heads.begin(), split_.heads.end(),
                  [&](const HeadShare &a, const HeadShare &b) { return key(a) < key(b); });
        return std::move(split_);
    }

    /// What stands at the target's place of (N, d) as the gradient reads it.
    [[nodiscard]] double read(const std::vector<T> &rows, const GradientBlock<T> &direct) const {
        return static_cast<double>(dot(rows.data() + int64_t{position_} * d_, direct.values.data(), d_));
    }

    /// A_ps · (W_O W_V LN1(change of x_s)) · gradient, for each head and place.
    void readHeads(int layer, const GradientBlock<T> &direct) {
        const auto l = static_cast<size_t>(layer);
        const BlockWeights<T> &weights = trace_.gpt.blocks[l];
        const BlockActivations<T> &seen = trace_.activations.blocks[l];
        const int size = trace_.gpt.config.headSize, width = trace_.gpt.config.attentionWidth();
        const int length = trace_.activations.length;
        const std::vector<T> wanted = transposedProduct(weights.attentionOutput, direct.values.data(), d_, width);
        std::vector<T> normed(static_cast<size_t>(d_)), values(static_cast<size_t>(width));
        for (int s = from_; s <= position_; ++s) {
            pushNorm(change_.residPre[l].data() + int64_t{s} * d_, weights.ln1, seen.ln1Sigma[static_cast<size_t>(s)],
                     d_, normed.data());
            for (int i = 0; i < width; ++i)
                values[static_cast<size_t>(i)] = dot(weights.value.data() + int64_t{i} * d_, normed.data(), d_);
            for (int h = 0; h < trace_.gpt.config.heads; ++h) {
                const T a = seen.attention[static_cast<size_t>((int64_t{h} * length + position_) * length + s)];
                const double weight =
                    static_cast<double>(a * dot(wanted.data() + h * size, values.data() + h * size, size));
                if (weight != 0)
                    split_.heads.push_back({layer, h, s, weight});
            }
        }
    }

    const TracedPrompt<T> &trace_;
    const FrozenInput<T> &input_;
    FrozenChange<T> change_;
    int from_, position_, d_;
    Pullback<T> pullback_;
    EdgeSplit split_;
};

[[noreturn]] void refuse(const Node &node, const std::string &why) {
    throw Error("An edge cannot be split here: " + nodeId(node) + " " + why + ".", Error::Kind::Usage);
}

template <class T>
int positionOf(const TracedPrompt<T> &trace, const Node &target) {
    const bool feature = target.kind == NodeKind::Feature;
    if (!feature && target.kind != NodeKind::Logit)
        refuse(target, "has no inputs");
    const int position = feature ? target.position : trace.activations.length - 1;
    if (position < 0 || position >= trace.activations.length || target.id < 0 ||
        target.id >= (feature ? trace.transcoder.config.features : trace.gpt.config.vocabSize) ||
        (feature && (target.layer < 0 || target.layer >= trace.gpt.config.layers)))
        refuse(target, "does not exist in this prompt");
    return position;
}

template <class T>
EdgeSplit split(const TracedPrompt<T> &trace, const FrozenInput<T> &input, int from, const Node &target) {
    SplitReader<T> reader(trace, input, from, positionOf(trace, target));
    return target.kind == NodeKind::Feature ? reader.ofFeature(target) : reader.ofLogit(target);
}

/// The writes of all features and errors into one layer: y − b_dec − skip(x).
template <class T>
std::vector<T> explainedWrites(const TracedPrompt<T> &trace, size_t layer) {
    const BlockActivations<T> &block = trace.activations.blocks[layer];
    const TranscoderLayer<T> &dictionary = trace.transcoder.layers[layer];
    const int d = trace.gpt.config.dModel;
    std::vector<T> out = block.mlpOutput;
    for (size_t i = 0; i < out.size(); ++i)
        out[i] -= dictionary.decoderBias[i % static_cast<size_t>(d)];
    if (!dictionary.skip.empty())
        for (size_t p = 0; p < out.size() / static_cast<size_t>(d); ++p)
            for (int i = 0; i < d; ++i)
                out[p * static_cast<size_t>(d) + static_cast<size_t>(i)] -=
                    dot(dictionary.skip.data() + int64_t{i} * d, block.ln2.data() + p * static_cast<size_t>(d), d);
    return out;
}

template <class T>
void addRow(std::vector<T> &rows, size_t size, int position, int d, const T *row, T factor) {
    rows.resize(size);
    kernels<T>().axpy(factor, row, rows.data() + int64_t{position} * d, d);
}

} // namespace

double EdgeSplit::sum() const {
    double sum = residual;
    for (const HeadShare &share : heads)
        sum += share.weight;
    return sum;
}

void addSplit(EdgeSplit &sum, const EdgeSplit &more) {
    std::map<std::tuple<int, int, int>, double> shares;
    for (const EdgeSplit *split : {&std::as_const(sum), &more})
        for (const HeadShare &share : split->heads)
            shares[{share.layer, share.head, share.position}] += share.weight;
    sum.residual += more.residual;
    sum.heads.clear();
    for (const auto &[place, weight] : shares)
        sum.heads.push_back({std::get<0>(place), std::get<1>(place), std::get<2>(place), weight});
}

template <class T>
EdgeSplit splitEdge(const TracedPrompt<T> &trace, const Node &source, const Node &target) {
    const int d = trace.gpt.config.dModel;
    if (source.kind == NodeKind::Bias || source.kind == NodeKind::Logit)
        refuse(source, "has no edges that pass a head");
    if (source.position < 0 || source.position >= trace.activations.length)
        refuse(source, "does not exist in this prompt");
    const size_t size = static_cast<size_t>(trace.activations.length) * static_cast<size_t>(d);
    FrozenInput<T> input{.embedding = {}, .mlp = std::vector<std::vector<T>>(trace.gpt.blocks.size())};
    const int p = source.position;
    switch (source.kind) {
    case NodeKind::Feature:
        for (int j = 0; j < trace.transcoder.config.decodersOf(source.layer); ++j)
            addRow(input.mlp[static_cast<size_t>(source.layer + j)], size, p, d,
                   trace.transcoder.decoderRow(source.layer, source.id, source.layer + j).data(),
                   static_cast<T>(source.activation));
        break;
    case NodeKind::Error: {
        const BlockActivations<T> &block = trace.activations.blocks[static_cast<size_t>(source.layer)];
        std::vector<T> prediction(size);
        decode<T>(trace.transcoder, source.layer, trace.active, block.ln2, prediction);
        std::vector<T> &rows = input.mlp[static_cast<size_t>(source.layer)];
        addRow(rows, size, p, d, block.mlpOutput.data() + int64_t{p} * d, T{1});
        addRow(rows, size, p, d, prediction.data() + int64_t{p} * d, T{-1});
        break;
    }
    case NodeKind::Token:
        addRow(input.embedding, size, p, d,
               trace.gpt.tokenEmbedding.data() + int64_t{trace.ids[static_cast<size_t>(p)]} * d, T{1});
        break;
    default:
        addRow(input.embedding, size, p, d, trace.gpt.positionEmbedding.data() + int64_t{p} * d, T{1});
        break;
    }
    return split(trace, input, p, target);
}

template <class T>
EdgeSplit splitInputs(const TracedPrompt<T> &trace, const Node &target) {
    FrozenInput<T> input;
    input.embedding = trace.activations.blocks.front().residPre;
    for (size_t l = 0; l < trace.gpt.blocks.size(); ++l)
        input.mlp.push_back(explainedWrites(trace, l));
    return split(trace, input, 0, target);
}

#define TT_INSTANTIATE(T)                                                                                              \
    template EdgeSplit splitEdge<T>(const TracedPrompt<T> &, const Node &, const Node &);                              \
    template EdgeSplit splitInputs<T>(const TracedPrompt<T> &, const Node &);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
