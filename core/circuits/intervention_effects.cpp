#include "core/circuits/intervention_effects.h"

#include "core/circuits/pullback.h"

#include <algorithm>
#include <cmath>

namespace tt {
namespace {

constexpr int64_t batchValues = int64_t{1} << 23; // hidden activations of the variants of one pass: 32 MB

double correlation(const std::vector<FeatureEffect> &effects, double FeatureEffect::*foretold) {
    const auto n = static_cast<double>(effects.size());
    double meanX = 0, meanY = 0, xx = 0, yy = 0, xy = 0;
    for (const FeatureEffect &e : effects) {
        meanX += e.*foretold / n;
        meanY += e.measured / n;
    }
    for (const FeatureEffect &e : effects) {
        const double x = e.*foretold - meanX, y = e.measured - meanY;
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    return xx > 0 && yy > 0 ? std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0) : 0;
}

/// The target's changes (variants) against the prompt's own final norm.
template <class T>
void measure(const TracedPrompt<T> &prompt, const std::vector<T> &direction, InterventionMode mode,
             std::span<FeatureEffect> effects, const std::stop_token &stop) {
    const int64_t d = prompt.gpt.config.dModel;
    std::vector<std::vector<PlacedChange>> variants;
    for (const FeatureEffect &e : effects)
        variants.push_back({{e.layer, e.position, e.feature, InterventionAction::Ablate, 0}});
    std::vector<T> changed = changedFinalNorm<T>(prompt, variants, mode, PassOutput::LastPosition, stop);
    const T *own = prompt.activations.finalNorm.data() + (prompt.activations.length - 1) * d;
    for (size_t v = 0; v < effects.size(); ++v) {
        T *row = changed.data() + static_cast<int64_t>(v) * d;
        kernels<T>().axpy(T{-1}, own, row, d);
        effects[v].measured = static_cast<double>(dot(row, direction.data(), d));
    }
}

/// What the graph says of each feature that can reach the last position's logits.
template <class T>
EffectScan foretell(const Attribution<T> &attribution, int64_t row) {
    const std::vector<double> total = totalInfluence(attribution, row);
    const int last = static_cast<int>(attribution.ids.size()) - 1;
    EffectScan scan{.effects = {}, .lastLayer = attribution.layers - 1, .lastPosition = last};
    for (int64_t column = 0; column < attribution.sources; ++column) {
        const Node &node = attribution.nodes[static_cast<size_t>(column)];
        if (node.kind != NodeKind::Feature)
            break;
        if (node.layer == attribution.layers - 1 && node.position != last) {
            ++scan.unreachable;
            continue;
        }
        const T edge = attribution.matrix[static_cast<size_t>(row * attribution.sources + column)];
        scan.effects.push_back({.layer = node.layer,
                                .position = node.position,
                                .feature = node.id,
                                .activation = node.activation,
                                .direct = -static_cast<double>(edge),
                                .total = -total[static_cast<size_t>(column)]});
    }
    return scan;
}

} // namespace

std::optional<double> foretoldChange(const EffectScan &scan, std::span<const PlacedChange> changes,
                                     double FeatureEffect::*foretold) {
    double sum = 0;
    for (const PlacedChange &change : changes) {
        if (change.layer == scan.lastLayer && change.position != scan.lastPosition)
            continue; // cannot reach the target
        const auto found = std::find_if(scan.effects.begin(), scan.effects.end(), [&](const FeatureEffect &e) {
            return e.layer == change.layer && e.position == change.position && e.feature == change.feature;
        });
        if (found == scan.effects.end())
            return std::nullopt;
        sum += (*found).*foretold * (1 - changedActivation(change, found->activation) / found->activation);
    }
    return sum;
}

template <class T>
std::vector<double> totalInfluence(const Attribution<T> &attribution, int64_t row) {
    const auto sources = static_cast<size_t>(attribution.sources);
    const T *edges = attribution.matrix.data() + static_cast<size_t>(row) * sources;
    std::vector<double> total(edges, edges + sources);
    for (size_t m = sources; m-- > 0;) { // a feature's inputs stand before it
        const Node &node = attribution.nodes[m];
        if (node.kind != NodeKind::Feature || total[m] == 0 || node.activation == 0)
            continue;
        const double share = total[m] / node.activation;
        const T *inputs = attribution.matrix.data() + m * sources;
        for (size_t s = 0; s < m; ++s)
            total[s] += share * static_cast<double>(inputs[s]);
        for (size_t s = m + 1; s < sources; ++s)
            total[s] += share * static_cast<double>(inputs[s]);
    }
    return total;
}

template <class T>
EffectScan scanEffects(const TracedPrompt<T> &prompt, const Attribution<T> &attribution, const Targets &targets,
                       InterventionMode mode, const std::stop_token &stop, const ProgressSink &progress) {
    const LogitTargets<T> logits = collectLogits(prompt, targets);
    if (logits.nodes.size() != 1 || attribution.targetRows.size() != 1)
        throw Error("Effects are measured on one token or on a difference of two.", Error::Kind::Usage);
    EffectScan scan = foretell(attribution, attribution.targetRows.front());
    const int64_t width = int64_t{prompt.gpt.config.mlpWidth()} * prompt.activations.length;
    const auto batch = static_cast<size_t>(std::max<int64_t>(1, batchValues / width));
    const auto count = static_cast<double>(scan.effects.size());
    for (size_t first = 0; first < scan.effects.size(); first += batch) {
        throwIfStopped(stop);
        const size_t size = std::min(batch, scan.effects.size() - first);
        measure(prompt, logits.directions, mode, std::span(scan.effects).subspan(first, size), stop);
        if (progress)
            progress({"Ablating features", static_cast<double>(first + size), count, "features"});
    }
    for (const FeatureEffect &e : scan.effects)
        if (!std::isfinite(e.measured))
            throw Error("The logits are not finite. The weights of the model or of the transcoder are damaged.");
    std::stable_sort(scan.effects.begin(), scan.effects.end(), [](const FeatureEffect &a, const FeatureEffect &b) {
        return std::abs(a.measured) > std::abs(b.measured);
    });
    scan.directCorrelation = correlation(scan.effects, &FeatureEffect::direct);
    scan.totalCorrelation = correlation(scan.effects, &FeatureEffect::total);
    return scan;
}

#define TT_INSTANTIATE(T)                                                                                              \
    template std::vector<double> totalInfluence<T>(const Attribution<T> &, int64_t);                                   \
    template EffectScan scanEffects<T>(const TracedPrompt<T> &, const Attribution<T> &, const Targets &,               \
                                       InterventionMode, const std::stop_token &, const ProgressSink &);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
