#include "core/circuits/verify.h"

#include "core/circuits/attribution_nodes.h"

#include "core/circuits/pullback.h"
#include "core/progress.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

namespace tt {
namespace {

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

/// The strongest edges and the worst, strongest first.
void keepTelling(std::vector<VerifiedEdge> &edges) {
    constexpr size_t most = 2000;
    const auto error = [](const VerifiedEdge &e) { return std::abs(e.measured - e.predicted); };
    if (edges.size() > most) {
        const auto worst = edges.begin() + most / 4;
        std::nth_element(edges.begin(), worst, edges.end(),
                         [&](const VerifiedEdge &a, const VerifiedEdge &b) { return error(a) > error(b); });
        std::nth_element(worst, edges.begin() + most, edges.end(), [](const VerifiedEdge &a, const VerifiedEdge &b) {
            return std::abs(a.predicted) > std::abs(b.predicted);
        });
        edges.resize(most);
    }
    std::stable_sort(edges.begin(), edges.end(), [](const VerifiedEdge &a, const VerifiedEdge &b) {
        return std::abs(a.predicted) > std::abs(b.predicted);
    });
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
            if (attribution_.matrix[cell] != T{0} || error > 0)
                out.edges.push_back({source, attribution_.nodes[static_cast<size_t>(attribution_.rowNode[r])],
                                     static_cast<double>(attribution_.matrix[cell]),
                                     static_cast<double>(changeOf(r, change))});
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
    for (Verification &one : found) {
        out.checked += one.checked;
        std::move(one.edges.begin(), one.edges.end(), std::back_inserter(out.edges));
        if (one.maxAbsError > out.maxAbsError) {
            out.maxAbsError = one.maxAbsError;
            out.worstSource = one.worstSource;
            out.worstTarget = one.worstTarget;
        }
    }
    keepTelling(out.edges);
    out.pass = out.maxAbsError <= 5e-4 && out.maxResidual <= 1e-4;
    return out;
}

template Verification verify(const GptWeights<float> &, const TranscoderWeights<float> &, const GptActivations<float> &,
                             const Attribution<float> &, int, Random &, std::stop_token);
template Verification verify(const GptWeights<double> &, const TranscoderWeights<double> &,
                             const GptActivations<double> &, const Attribution<double> &, int, Random &,
                             std::stop_token);

} // namespace tt
