#include "core/circuits/attribution.h"

#include "core/circuits/attribution_nodes.h"
#include "core/circuits/graph_export.h"
#include "core/circuits/pullback.h"
#include "core/progress.h"

#include <algorithm>
#include <cmath>
#include <exception>

namespace tt {
namespace {

/// Gradients of one block of rows at every position (rows, positions, d) stay below this many values.
constexpr int64_t blockValues = int64_t{1} << 20;

/// Rows begin … end − 1: features of one layer at one position, or the logits.
struct RowBlock {
    int64_t begin = 0, end = 0;
};

/// Fills rows of an attribution. One a thread: blocks are independent, so each is computed by one thread alone, with
/// products that stay on it.
template <class T>
class RowWriter {
public:
    RowWriter(const TracedPrompt<T> &trace, const SourceNodes<T> &sources, const LogitTargets<T> &logits,
              Attribution<T> &out)
        : trace_(trace), sources_(sources), logits_(logits), out_(out),
          pullback_(trace.gpt, trace.transcoder, trace.activations), d_(trace.gpt.config.dModel) {}

    void write(const RowBlock &rows) {
        if (rows.begin < sources_.features)
            features(rows);
        else
            logits(rows);
    }

private:
    void features(const RowBlock &rows);
    void logits(const RowBlock &rows);
    void pullDown(int fromLayer, int64_t firstRow, GradientBlock<T> &block);
    void record(int layer, int64_t firstRow, GradientBlock<T> &block);
    void recordInputs(int64_t firstRow, const GradientBlock<T> &block);
    [[nodiscard]] T *row(int64_t r) { return out_.matrix.data() + r * out_.sources; }

    const TracedPrompt<T> &trace_;
    const SourceNodes<T> &sources_;
    const LogitTargets<T> &logits_;
    Attribution<T> &out_;
    Pullback<T> pullback_;
    int64_t d_;
};

template <class T>
void RowWriter<T>::features(const RowBlock &rows) {
    const Node &place = sources_.nodes[static_cast<size_t>(rows.begin)];
    const auto layer = static_cast<size_t>(place.layer);
    std::vector<T> encoders;
    for (int64_t r = rows.begin; r < rows.end; ++r) {
        const auto encoder = trace_.transcoder.encoderRow(place.layer, sources_.nodes[static_cast<size_t>(r)].id);
        encoders.insert(encoders.end(), encoder.begin(), encoder.end());
    }
    GradientBlock<T> block =
        pullback_.seed(encoders, static_cast<int>(rows.end - rows.begin), place.position, trace_.gpt.blocks[layer].ln2,
                       trace_.activations.blocks[layer].ln2Sigma[static_cast<size_t>(place.position)]);
    for (int64_t r = rows.begin; r < rows.end; ++r)
        block.bias[static_cast<size_t>(r - rows.begin)] +=
            static_cast<double>(trace_.transcoder.layers[layer]
                                    .encoderBias[static_cast<size_t>(sources_.nodes[static_cast<size_t>(r)].id)]);
    pullback_.throughAttention(place.layer, block);
    pullDown(place.layer - 1, rows.begin, block);
}

template <class T>
void RowWriter<T>::logits(const RowBlock &rows) {
    GradientBlock<T> block = pullback_.seed(logits_.directions, static_cast<int>(rows.end - rows.begin),
                                            sources_.positions - 1, trace_.gpt.finalNorm,
                                            trace_.activations.finalSigma[static_cast<size_t>(sources_.positions - 1)]);
    for (size_t t = 0; t < logits_.constants.size(); ++t)
        block.bias[t] += logits_.constants[t];
    pullDown(trace_.gpt.config.layers - 1, rows.begin, block);
}

template <class T>
void RowWriter<T>::pullDown(int fromLayer, int64_t firstRow, GradientBlock<T> &block) {
    for (int layer = fromLayer; layer >= 0; --layer) {
        record(layer, firstRow, block);
        pullback_.throughSkip(layer, block);
        pullback_.throughAttention(layer, block);
    }
    recordInputs(firstRow, block);
    for (int r = 0; r < block.rows; ++r)
        out_.bias[static_cast<size_t>(firstRow + r)] = static_cast<T>(block.bias[static_cast<size_t>(r)]);
}

/// Edges of everything that writes into mlp_out of `layer`, whose gradient the block holds.
template <class T>
void RowWriter<T>::record(int layer, int64_t firstRow, GradientBlock<T> &block) {
    const auto l = static_cast<size_t>(layer);
    const T *decoderBias = trace_.transcoder.layers[l].decoderBias.data();
    for (int p = block.first; p <= block.last; ++p) {
        const T *error = sources_.errors[l].data() + p * d_;
        for (int r = 0; r < block.rows; ++r) {
            const T *gradient = block.at(p, static_cast<int>(d_)) + r * d_;
            T *edges = row(firstRow + r);
            for (const Writer<T> &writer : sources_.writers[l][static_cast<size_t>(p)])
                edges[writer.column] += writer.activation * dot(writer.row, gradient, d_);
            edges[sources_.errorColumn(layer, p)] = dot(error, gradient, d_);
            block.bias[static_cast<size_t>(r)] += static_cast<double>(dot(decoderBias, gradient, d_));
        }
    }
}

template <class T>
void RowWriter<T>::recordInputs(int64_t firstRow, const GradientBlock<T> &block) {
    for (int p = block.first; p <= block.last; ++p) {
        const T *token = trace_.gpt.tokenEmbedding.data() + trace_.ids[static_cast<size_t>(p)] * d_;
        const T *position = trace_.gpt.positionEmbedding.data() + p * d_;
        for (int r = 0; r < block.rows; ++r) {
            const T *gradient = block.at(p, static_cast<int>(d_)) + r * d_;
            row(firstRow + r)[sources_.tokenColumn(p)] = dot(token, gradient, d_);
            row(firstRow + r)[sources_.positionColumn(p)] = dot(position, gradient, d_);
        }
    }
}

/// All rows in blocks, the dearest (highest layer, last position) first.
template <class T>
std::vector<RowBlock> blocksOf(const SourceNodes<T> &sources, int64_t rows, int64_t d) {
    const int64_t most = std::clamp<int64_t>(blockValues / (int64_t{sources.positions} * d), 1, 1024);
    std::vector<RowBlock> blocks;
    for (int64_t begin = 0, end = 0; begin < sources.features; begin = end) {
        const Node &first = sources.nodes[static_cast<size_t>(begin)];
        const auto joins = [&](const Node &n) { return n.layer == first.layer && n.position == first.position; };
        while (end < sources.features && end - begin < most && joins(sources.nodes[static_cast<size_t>(end)]))
            ++end;
        blocks.push_back({begin, end});
    }
    if (rows > sources.features)
        blocks.push_back({sources.features, rows});
    std::reverse(blocks.begin(), blocks.end());
    return blocks;
}

template <class T>
void writeRows(const TracedPrompt<T> &trace, const SourceNodes<T> &sources, const LogitTargets<T> &logits,
               Attribution<T> &out, const std::stop_token &stop) {
    const std::vector<RowBlock> blocks =
        blocksOf(sources, static_cast<int64_t>(out.rowNode.size()), trace.gpt.config.dModel);
    std::exception_ptr failure; // an exception must not leave the parallel region
#pragma omp parallel
    {
        RowWriter<T> rows(trace, sources, logits, out);
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < blocks.size(); ++i) {
            try {
                if (!stop.stop_requested())
                    rows.write(blocks[i]);
            } catch (...) {
#pragma omp critical(tt_attribution_failure)
                failure = std::current_exception();
            }
        }
    }
    if (failure)
        std::rethrow_exception(failure);
    throwIfStopped(stop);
}

/// Largest |Σ edges + bias − pre-activation| / (Σ|edges| + |bias|); a row that is not finite is an Error.
template <class T>
double largestResidual(const Attribution<T> &a) {
    double largest = 0;
    for (size_t r = 0; r < a.rowNode.size(); ++r) {
        double sum = static_cast<double>(a.bias[r]), size = std::abs(sum);
        for (int64_t c = 0; c < a.sources; ++c) {
            const auto edge =
                static_cast<double>(a.matrix[r * static_cast<size_t>(a.sources) + static_cast<size_t>(c)]);
            sum += edge;
            size += std::abs(edge);
        }
        const Node &node = a.nodes[static_cast<size_t>(a.rowNode[r])];
        const double residual = std::abs(sum - node.preactivation);
        if (!std::isfinite(residual))
            throw Error("The direct effects on " + nodeId(node) +
                        " are not finite. The weights of the model or of the "
                        "transcoder hold a NaN or an infinity; train or import them again.");
        largest = std::max(largest, size > 0 ? residual / size : residual);
    }
    return largest;
}

} // namespace

int64_t attributionBytes(int64_t features, int64_t length, int layers, int64_t targets) {
    const int64_t rows = features + targets, merged = features + length * (layers + 1);
    return rows * ((merged + length) * static_cast<int64_t>(sizeof(float)) + // Attribution::matrix
                   merged * static_cast<int64_t>(sizeof(float) + sizeof(char)));
}

template <class T>
Attribution<T> attribute(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                         const std::vector<int32_t> &ids, const GptActivations<T> &activations,
                         const std::vector<SparseActivations<T>> &active, const Targets &targets,
                         std::stop_token stop) {
    const TracedPrompt<T> trace{gpt, transcoder, ids, activations, active};
    checkTrace(trace);
    throwIfStopped(stop);
    const SourceNodes<T> sources = collectSources(trace, targets);
    const LogitTargets<T> logits = collectLogits(trace, targets);

    Attribution<T> out;
    out.ids = ids;
    out.layers = gpt.config.layers;
    out.vocabSize = gpt.config.vocabSize;
    out.nodes = sources.nodes;
    out.sources = static_cast<int64_t>(sources.nodes.size());
    out.nodes.push_back({.kind = NodeKind::Bias});
    for (int64_t f = 0; f < sources.features; ++f)
        out.rowNode.push_back(static_cast<int>(f));
    for (size_t t = 0; t < logits.nodes.size(); ++t) {
        out.rowNode.push_back(static_cast<int>(out.nodes.size()));
        out.targetRows.push_back(static_cast<int>(out.rowNode.size()) - 1);
        out.nodes.push_back(logits.nodes[t]);
    }
    out.targetWeights = logits.weights;
    if (logits.nodes.empty()) { // the feature target is the last feature
        out.targetRows = {static_cast<int>(sources.features) - 1};
        out.targetWeights = {1.0};
    }
    out.matrix.assign(out.rowNode.size() * static_cast<size_t>(out.sources), T{0});
    out.bias.assign(out.rowNode.size(), T{0});

    writeRows(trace, sources, logits, out, stop);
    out.maxResidual = largestResidual(out);
    return out;
}

template Attribution<float> attribute(const GptWeights<float> &, const TranscoderWeights<float> &,
                                      const std::vector<int32_t> &, const GptActivations<float> &,
                                      const std::vector<SparseActivations<float>> &, const Targets &, std::stop_token);
template Attribution<double> attribute(const GptWeights<double> &, const TranscoderWeights<double> &,
                                       const std::vector<int32_t> &, const GptActivations<double> &,
                                       const std::vector<SparseActivations<double>> &, const Targets &,
                                       std::stop_token);

} // namespace tt
