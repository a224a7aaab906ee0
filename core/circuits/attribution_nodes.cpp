#include "core/circuits/attribution_nodes.h"

#include "core/circuits/pullback.h"

#include <algorithm>
#include <cmath>

namespace tt {
namespace {

template <class T>
void requireFinite(const std::vector<T> &values, const std::string &what) {
    if (!std::all_of(values.begin(), values.end(), [](T v) { return std::isfinite(v); }))
        throw Error("The " + what +
                    " hold a number that is not finite, so this prompt cannot be traced. The weights are "
                    "damaged; train or import them again.");
}

void require(bool condition, const std::string &text) {
    if (!condition)
        throw Error(text, Error::Kind::Usage);
}

/// Adds the active features of one place; returns how many.
template <class T>
void addFeatures(const TracedPrompt<T> &trace, int layer, int position, int only, SourceNodes<T> &out) {
    const SparseActivations<T> &active = trace.active[static_cast<size_t>(layer)];
    const auto row = static_cast<size_t>(position);
    const int d = trace.gpt.config.dModel;
    const T *input = trace.activations.blocks[static_cast<size_t>(layer)].ln2.data() + int64_t{position} * d;
    for (int64_t i = active.offsets[row]; i < active.offsets[row + 1]; ++i) {
        const int feature = active.features[static_cast<size_t>(i)];
        if (only >= 0 && feature != only)
            continue;
        double u = static_cast<double>(
            trace.transcoder.layers[static_cast<size_t>(layer)].encoderBias[static_cast<size_t>(feature)]);
        const T *encoder = trace.transcoder.encoderRow(layer, feature).data();
        for (int j = 0; j < d; ++j)
            u += static_cast<double>(encoder[j]) * static_cast<double>(input[j]);
        out.nodes.push_back({.kind = NodeKind::Feature,
                             .layer = layer,
                             .position = position,
                             .id = feature,
                             .activation = static_cast<double>(active.values[static_cast<size_t>(i)]),
                             .preactivation = u});
    }
}

template <class T>
void collectWriters(const TracedPrompt<T> &trace, SourceNodes<T> &out) {
    const bool cross = trace.transcoder.config.kind == TranscoderKind::CrossLayer;
    out.writers.assign(static_cast<size_t>(out.layers),
                       std::vector<std::vector<Writer<T>>>(static_cast<size_t>(out.positions)));
    for (int64_t column = 0; column < out.features; ++column) {
        const Node &node = out.nodes[static_cast<size_t>(column)];
        for (int to = node.layer; to < (cross ? out.layers : std::min(node.layer + 1, out.layers)); ++to)
            out.writers[static_cast<size_t>(to)][static_cast<size_t>(node.position)].push_back(
                {column, static_cast<T>(node.activation), trace.transcoder.decoderRow(node.layer, node.id, to).data()});
    }
}

template <class T>
void addErrors(const TracedPrompt<T> &trace, SourceNodes<T> &out) {
    const int d = trace.gpt.config.dModel;
    for (int layer = 0; layer < out.layers; ++layer) {
        const BlockActivations<T> &block = trace.activations.blocks[static_cast<size_t>(layer)];
        std::vector<T> error(block.mlpOutput.size());
        decode<T>(trace.transcoder, layer, trace.active, block.ln2, error);
        for (size_t i = 0; i < error.size(); ++i)
            error[i] = block.mlpOutput[i] - error[i];
        for (int p = 0; p < out.positions; ++p) {
            const T *e = error.data() + int64_t{p} * d, *y = block.mlpOutput.data() + int64_t{p} * d;
            const double whole = static_cast<double>(dot(y, y, d));
            out.nodes.push_back({.kind = NodeKind::Error,
                                 .layer = layer,
                                 .position = p,
                                 .activation = whole > 0 ? static_cast<double>(dot(e, e, d)) / whole : 0.0});
        }
        out.errors.push_back(std::move(error));
    }
}

/// Logits of the last position, in double.
template <class T>
std::vector<double> lastLogits(const TracedPrompt<T> &trace) {
    const GptConfig &config = trace.gpt.config;
    const T *x = trace.activations.finalNorm.data() + int64_t{trace.activations.length - 1} * config.dModel;
    std::vector<double> out(static_cast<size_t>(config.vocabSize));
#pragma omp parallel for schedule(static)
    for (int v = 0; v < config.vocabSize; ++v)
        out[static_cast<size_t>(v)] =
            static_cast<double>(dot(trace.gpt.unembedding.data() + int64_t{v} * config.dModel, x, config.dModel)) +
            static_cast<double>(trace.gpt.unembeddingBias[static_cast<size_t>(v)]);
    return out;
}

std::vector<double> probabilities(const std::vector<double> &logits) {
    const double top = *std::max_element(logits.begin(), logits.end());
    std::vector<double> p(logits.size());
    double sum = 0;
    for (size_t i = 0; i < p.size(); ++i)
        sum += p[i] = std::exp(logits[i] - top);
    for (double &v : p)
        v /= sum;
    return p;
}

std::vector<int32_t> mostProbable(const std::vector<double> &p, double cumulative, int maximum) {
    std::vector<int32_t> order(p.size());
    for (size_t i = 0; i < order.size(); ++i)
        order[i] = static_cast<int32_t>(i);
    const size_t most = std::min(order.size(), static_cast<size_t>(std::max(maximum, 1)));
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(),
                      [&](int32_t a, int32_t b) {
                          const double pa = p[static_cast<size_t>(a)], pb = p[static_cast<size_t>(b)];
                          return pa != pb ? pa > pb : a < b;
                      });
    size_t count = 0;
    for (double sum = 0; count < most && (count == 0 || sum < cumulative); ++count)
        sum += p[static_cast<size_t>(order[count])];
    order.resize(count);
    return order;
}

std::vector<int32_t> chosenTokens(const Targets &targets, int vocabSize, const std::vector<double> &p) {
    if (targets.kind == Targets::Kind::TopLogits)
        return mostProbable(p, targets.cumulative, targets.maximum);
    require(!targets.tokens.empty(), "The target names no token; name at least one.");
    std::vector<int32_t> tokens;
    for (const int32_t id : targets.tokens) {
        require(id >= 0 && id < vocabSize, "There is no token " + std::to_string(id) +
                                               ": the vocabulary has the ids 0 to " + std::to_string(vocabSize - 1) +
                                               ".");
        if (std::find(tokens.begin(), tokens.end(), id) == tokens.end())
            tokens.push_back(id);
    }
    require(targets.kind != Targets::Kind::Difference || (targets.tokens.size() == 2 && tokens.size() == 2),
            "A difference needs two different tokens.");
    return tokens;
}

template <class T>
std::vector<double> meanRow(const std::vector<T> &matrix, int rows, int d) {
    std::vector<double> mean(static_cast<size_t>(d));
    for (int r = 0; r < rows; ++r)
        for (int i = 0; i < d; ++i)
            mean[static_cast<size_t>(i)] += static_cast<double>(matrix[static_cast<size_t>(int64_t{r} * d + i)]);
    for (double &v : mean)
        v /= rows;
    return mean;
}

} // namespace

template <class T>
void checkTrace(const TracedPrompt<T> &trace) {
    const GptConfig &config = trace.gpt.config;
    const auto layers = static_cast<size_t>(config.layers);
    const int length = trace.activations.length;
    require(!trace.ids.empty() && trace.ids.size() <= static_cast<size_t>(config.context),
            "A prompt to trace has 1 to " + std::to_string(config.context) + " tokens; this one has " +
                std::to_string(trace.ids.size()) + ".");
    for (const int32_t id : trace.ids)
        require(id >= 0 && id < config.vocabSize, "There is no token " + std::to_string(id) + " in this model.");
    require(trace.transcoder.config.layers == config.layers && trace.transcoder.config.dModel == config.dModel,
            "The transcoder belongs to another model: it has other layers or another width.");
    require(trace.activations.batch == 1 && static_cast<size_t>(length) == trace.ids.size() &&
                trace.activations.blocks.size() == layers && !trace.activations.finalSigma.empty() &&
                trace.active.size() == layers,
            "The activations do not belong to this prompt.");
    for (size_t l = 0; l < layers; ++l) {
        const BlockActivations<T> &block = trace.activations.blocks[l];
        const std::string where = " of layer " + std::to_string(l);
        require(trace.active[l].rows() == length, "The active features do not belong to this prompt.");
        requireFinite(block.attention, "attention patterns" + where);
        requireFinite(block.ln1Sigma, "attention input scales" + where);
        requireFinite(block.ln2, "MLP inputs" + where);
        requireFinite(block.ln2Sigma, "MLP input scales" + where);
        requireFinite(block.mlpOutput, "MLP outputs" + where);
        requireFinite(trace.active[l].values, "feature activations" + where);
    }
    requireFinite(trace.activations.finalNorm, "final norm's outputs");
    requireFinite(trace.activations.finalSigma, "final norm's scales");
}

template <class T>
SourceNodes<T> collectSources(const TracedPrompt<T> &trace, const Targets &targets) {
    SourceNodes<T> out{.layers = trace.gpt.config.layers,
                       .positions = trace.activations.length,
                       .nodes = {},
                       .writers = {},
                       .errors = {}};
    const bool feature = targets.kind == Targets::Kind::Feature;
    if (feature) {
        const std::string name = "Feature " + std::to_string(targets.layer) + "/" + std::to_string(targets.feature) +
                                 " at position " + std::to_string(targets.position);
        require(targets.layer >= 0 && targets.layer < out.layers && targets.position >= 0 &&
                    targets.position < out.positions && targets.feature >= 0 &&
                    targets.feature < trace.transcoder.config.features,
                name + " does not exist in this prompt.");
        out.layers = targets.layer;
        out.positions = targets.position + 1;
    }
    for (int layer = 0; layer < out.layers; ++layer)
        for (int p = 0; p < out.positions; ++p)
            addFeatures(trace, layer, p, -1, out);
    if (feature) {
        const size_t before = out.nodes.size();
        addFeatures(trace, targets.layer, targets.position, targets.feature, out);
        require(out.nodes.size() > before, "Feature " + std::to_string(targets.layer) + "/" +
                                               std::to_string(targets.feature) + " is not active at position " +
                                               std::to_string(targets.position) + "; choose one that is.");
    }
    out.features = static_cast<int64_t>(out.nodes.size());
    collectWriters(trace, out);
    addErrors(trace, out);
    for (int p = 0; p < out.positions; ++p)
        out.nodes.push_back({.kind = NodeKind::Token, .position = p, .id = trace.ids[static_cast<size_t>(p)]});
    for (int p = 0; p < out.positions; ++p)
        out.nodes.push_back({.kind = NodeKind::Position, .position = p, .id = p});
    return out;
}

template <class T>
std::vector<T> logitDirection(const GptWeights<T> &gpt, const Node &node) {
    const auto d = static_cast<size_t>(gpt.config.dModel);
    std::vector<double> base(d);
    const int from = std::max(node.minus, 0), to = node.minus >= 0 ? node.minus + 1 : gpt.config.vocabSize;
    for (int v = from; v < to; ++v)
        for (size_t i = 0; i < d; ++i)
            base[i] += static_cast<double>(gpt.unembedding[static_cast<size_t>(v) * d + i]) / (to - from);
    std::vector<T> direction(d);
    for (size_t i = 0; i < d; ++i)
        direction[i] =
            static_cast<T>(static_cast<double>(gpt.unembedding[static_cast<size_t>(node.id) * d + i]) - base[i]);
    return direction;
}

template <class T>
LogitTargets<T> collectLogits(const TracedPrompt<T> &trace, const Targets &targets) {
    LogitTargets<T> out;
    if (targets.kind == Targets::Kind::Feature)
        return out;
    const GptConfig &config = trace.gpt.config;
    const std::vector<double> logit = lastLogits(trace);
    const std::vector<double> p = probabilities(logit);
    if (!std::isfinite(p.front()))
        throw Error("The logits of this prompt are not finite; the unembedding's weights are damaged.");
    const std::vector<int32_t> tokens = chosenTokens(targets, config.vocabSize, p);
    const bool difference = targets.kind == Targets::Kind::Difference;
    std::vector<double> base = meanRow(trace.gpt.unembedding, config.vocabSize, config.dModel);
    double baseBias = meanRow(trace.gpt.unembeddingBias, config.vocabSize, 1).front();
    double baseLogit = meanRow(logit, config.vocabSize, 1).front();
    if (difference) {
        const auto minus = static_cast<size_t>(tokens[1]);
        const T *row = trace.gpt.unembedding.data() + int64_t{tokens[1]} * config.dModel;
        base.assign(row, row + config.dModel);
        baseBias = static_cast<double>(trace.gpt.unembeddingBias[minus]);
        baseLogit = logit[minus];
    }
    for (size_t t = 0; t < (difference ? 1 : tokens.size()); ++t) {
        const auto id = static_cast<size_t>(tokens[t]);
        out.nodes.push_back({.kind = NodeKind::Logit,
                             .layer = config.layers,
                             .position = trace.activations.length - 1,
                             .id = tokens[t],
                             .minus = difference ? tokens[1] : -1,
                             .activation = p[id],
                             .preactivation = logit[id] - baseLogit});
        out.weights.push_back(difference ? 1.0 : p[id]);
        out.constants.push_back(static_cast<double>(trace.gpt.unembeddingBias[id]) - baseBias);
        for (int i = 0; i < config.dModel; ++i)
            out.directions.push_back(static_cast<T>(
                static_cast<double>(
                    trace.gpt.unembedding[id * static_cast<size_t>(config.dModel) + static_cast<size_t>(i)]) -
                base[static_cast<size_t>(i)]));
    }
    return out;
}

#define TT_INSTANTIATE(T)                                                                                              \
    template void checkTrace<T>(const TracedPrompt<T> &);                                                              \
    template SourceNodes<T> collectSources<T>(const TracedPrompt<T> &, const Targets &);                               \
    template std::vector<T> logitDirection<T>(const GptWeights<T> &, const Node &);                                    \
    template LogitTargets<T> collectLogits<T>(const TracedPrompt<T> &, const Targets &);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
