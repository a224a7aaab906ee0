#include "core/circuits/verify.h"

#include "core/circuits/pullback.h"
#include "core/progress.h"

#include <algorithm>
#include <cmath>
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

} // namespace

template <class T>
Verification verify(const GptWeights<T> &gpt, const TranscoderWeights<T> &transcoder,
                    const GptActivations<T> &activations, const Attribution<T> &attribution, int samples,
                    Random &random, std::stop_token stop) {
    const int d = gpt.config.dModel;
    int64_t features = 0;
    while (features < attribution.sources && attribution.nodes[static_cast<size_t>(features)].kind == NodeKind::Feature)
        ++features;
    std::vector<std::vector<T>> directions;
    for (size_t r = static_cast<size_t>(features); r < attribution.rowNode.size(); ++r)
        directions.push_back(logitDirection(gpt, attribution.nodes[static_cast<size_t>(attribution.rowNode[r])]));

    Verification out{.maxResidual = attribution.maxResidual, .worstSource = {}, .worstTarget = {}};
    for (const int64_t column : draw(features, samples, random)) {
        throwIfStopped(stop);
        const Node &source = attribution.nodes[static_cast<size_t>(column)];
        const FrozenChange<T> change =
            propagateFrozen(gpt, transcoder, activations, source.position, doubled(transcoder, source));
        for (size_t r = 0; r < attribution.rowNode.size(); ++r) {
            const Node &target = attribution.nodes[static_cast<size_t>(attribution.rowNode[r])];
            const bool logit = target.kind == NodeKind::Logit;
            const T *reads = logit ? directions[r - static_cast<size_t>(features)].data()
                                   : transcoder.encoderRow(target.layer, target.id).data();
            const T *changed =
                logit ? change.finalNorm.data()
                      : change.ln2[static_cast<size_t>(target.layer)].data() + int64_t{target.position} * d;
            const T edge =
                attribution.matrix[r * static_cast<size_t>(attribution.sources) + static_cast<size_t>(column)];
            const double error = std::abs(static_cast<double>(dot(reads, changed, d) - edge));
            ++out.checked;
            if (!(error <= out.maxAbsError)) { // a NaN is the worst
                out.maxAbsError = error;
                out.worstSource = source;
                out.worstTarget = target;
            }
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
