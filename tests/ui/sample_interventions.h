#pragma once

#include "core/features/steered_prompt.h"
#include "sample_graph.h"

/// Interventions as a model could answer them, for the tests and pictures of the place.
namespace sample {

inline InterventionOutcome outcome(size_t rows, double factor) {
    InterventionOutcome result;
    const std::array<const char *, 10> words{" time", " little", " big", " day",     " girl",
                                             " boy",  " small",  " dog", " morning", " <b>tree"};
    double before = 0.72, after = 0.72 * factor;
    for (size_t i = 0; i < words.size(); ++i) {
        result.tokens.push_back({static_cast<int32_t>(640 + i), words[i], before, after});
        result.before.push_back({static_cast<int32_t>(640 + i), words[i], before, 9 - static_cast<double>(i)});
        before *= 0.3;
        after = 0.12 / static_cast<double>(i + 1);
    }
    result.after = result.before;
    result.kl = 1.43 * (1 - factor);
    result.target = result.before.front();
    result.targetChange = -4.28 * (1 - factor);
    result.notes.resize(rows);
    result.effects.assign(
        rows, {.position = 2, .before = 6.42, .after = 6.42 * factor, .maximum = 9.84, .promoted = " time"});
    for (int position = 0; position < 4; ++position)
        result.positions.push_back({.position = position,
                                    .kl = 0.01 * position,
                                    .before = result.before[0],
                                    .after = result.before[1],
                                    .targetChange = -0.5 * position});
    return result;
}

/// Every active feature of `prompt`, foretold and measured nearly alike.
inline EffectReport effects(const PromptFeatures &prompt) {
    EffectReport report;
    report.target = {640, " time", 0.72, 9};
    report.scan.lastLayer = prompt.layers - 1;
    report.scan.lastPosition = static_cast<int>(prompt.tokens.size()) - 1;
    for (const ActiveFeature &active : prompt.active) {
        if (active.layer == report.scan.lastLayer && active.position != report.scan.lastPosition) {
            ++report.scan.unreachable;
            continue;
        }
        const double size = std::sin(active.feature * 1.7) * active.activation;
        report.scan.effects.push_back(
            {active.layer, active.position, active.feature, active.activation, size, size * 1.1, size * 0.9 + 0.05});
    }
    std::sort(report.scan.effects.begin(), report.scan.effects.end(),
              [](const auto &a, const auto &b) { return std::abs(a.measured) > std::abs(b.measured); });
    report.scan.directCorrelation = 0.91;
    report.scan.totalCorrelation = 0.97;
    return report;
}

} // namespace sample
