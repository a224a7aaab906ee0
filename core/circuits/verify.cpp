#include "core/circuits/verify.h"

#include "core/circuits/pullback.h"
#include "core/progress.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tt {
namespace {

/// The direction a logit row reads from the final norm: U_k − mean U, or U_a − U_b.
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

/// `count` of 0 … size − 1, each once, in random order.
std::vector<int64_t> draw(int64_t size, int64_t count, Random &random) {
    std::vector<int64_t> all(static_cast<size_t>(size));
    std::iota(all.begin(), all.end(), int64_t{0});
    const int64_t drawn = std::min(size, count);
    for (int64_t i = 0; i < drawn; ++i)
        std::swap(all[static_cast<size_t>(i)],
                  all[static_cast<size_t>(i + static_cast<int64_t>(random.below(static_cast<uint64_t>(size - i))))]);
    all.resize(static_cast<size_t>(std::max<int64_t>(drawn, 0)));
    return all;
}

/// The MLP outputs' change when a feature's activation is doubled: a · d^{i→l}.
template <class T>
std::vector<std::vector<T>> doubled(const TranscoderWeights<T> &transcoder, const Node &source) {
    std::vector<std::vector<T>> delta(transcoder.layers.size());
    for (int j = 0; j < transcoder.config.decodersOf(source.layer); ++j) {
        const auto row = transcoder.decoderRow(source.layer, source.id, source.layer + j);
        for (const T value : row)
            delta[static_cast<size_t>(source.layer + j)].push_back(static_cast<T>(source.activation) * value);
    }
    return delta;
}

/// Doubles one feature and compares every row's change with its edge; keeps the worst in `out`.
template <class T>
class SourceCheck {
public:
    SourceCheck(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder, const GptActivations<T> &activations,
                const Attribution<T> &attribution)
        : gpt_(gpt), transcoder_(transcoder), activations_(activations), attribution_(attribution) {
        for (const int n : attribution.rowNode)
            if (const Node &node = attribution.nodes[static_cast<size_t>(n)]; node.kind == NodeKind::Logit)
                directions_.push_back(logitDirection(gpt, node));
    }

    void check(int64_t column, Verification &out) const {
        const Node &source = attribution_.nodes[static_cast<size_t>(column)];
        const FrozenChange<T> change =
            propagateFrozen(gpt_, transcoder_, activations_, source.position, doubled(transcoder_, source));
        for (size_t r = 0; r < attribution_.rowNode.size(); ++r) {
            const size_t cell = r * static_cast<size_t>(attribution_.sources) + static_cast<size_t>(column);
            const double distance = std::abs(static_cast<double>(changeOf(r, change) - attribution_.matrix[cell]));
            const double error = std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
            ++out.checked;
            if (error > out.maxAbsError) {
                out.maxAbsError = error;
                out.worstSource = source;
                out.worstTarget = attribution_.nodes[static_cast<size_t>(attribution_.rowNode[r])];
            }
        }
    }

private:
    [[nodiscard]] T changeOf(size_t row, const FrozenChange<T> &change) const {
        const Node &target = attribution_.nodes[static_cast<size_t>(attribution_.rowNode[row])];
        const int d = gpt_.config.dModel;
        if (target.kind == NodeKind::Logit)
            return dot(directions_[row + directions_.size() - attribution_.rowNode.size()].data(),
                       change.finalNorm.data(), d);
        return dot(transcoder_.encoderRow(target.layer, target.id).data(),
                   change.ln2[static_cast<size_t>(target.layer)].data() + int64_t{target.position} * d, d);
    }

    const GptWeights<T> &gpt_;
    const TranscoderWeights<T> &transcoder_;
    const GptActivations<T> &activations_;
    const Attribution<T> &attribution_;
    std::vector<std::vector<T>> directions_; ///< of the logits, which are the last rows
};

} // namespace

template <class T>
Verification verify(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                    const GptActivations<T> &activations, const Attribution<T> &attribution, int samples,
                    Random &random, std::stop_token stop) {
    const auto sources = attribution.nodes.begin() + attribution.sources;
    const int64_t features =
        std::count_if(attribution.nodes.begin(), sources, [](const Node &n) { return n.kind == NodeKind::Feature; });
    const SourceCheck<T> source(gpt, transcoder, activations, attribution);
    const std::vector<int64_t> columns = draw(features, samples, random);
    std::vector<Verification> found(columns.size());
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < columns.size(); ++i)
        if (!stop.stop_requested())
            source.check(columns[i], found[i]);
    throwIfStopped(stop);
    Verification out{.maxResidual = attribution.maxResidual, .worstSource = {}, .worstTarget = {}};
    for (const Verification &one : found) {
        out.checked += one.checked;
        if (one.maxAbsError > out.maxAbsError) {
            out.maxAbsError = one.maxAbsError;
            out.worstSource = one.worstSource;
            out.worstTarget = one.worstTarget;
        }
    }
    out.pass = out.maxAbsError <= 5e-4 && out.maxResidual <= 1e-4;
    return out;
}

template Verification verify(const GptWeights<float> &, const TranscoderWeights<float> &, const GptActivations<float> &,
                             const Attribution<float> &, int, Random &, std::stop_token);
template Verification verify(const GptWeights<double> &, const TranscoderWeights<double> &,
                             const GptActivations<double> &, const Attribution<double> &, int, Random &,
                             std::stop_token);

} // namespace tt
