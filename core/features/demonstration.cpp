#include "core/features/demonstration.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace tt {
namespace {

/// Multiples of the natural activation that are tried.
constexpr std::array forces{1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0};

int32_t firstToken(const Tokenizer &tokenizer, const std::string &word) {
    const std::vector<int32_t> ids = tokenizer.encode(word);
    if (ids.empty())
        throw Error("The target is empty. Name the word to bring about.", Error::Kind::Usage);
    return ids.front();
}

/// Three figures: a force one can read and type.
double rounded(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return std::strtod(text, nullptr);
}

} // namespace

std::vector<Demonstration> originalDemonstrations() {
    return {{.source = "Don't", .target = " worry", .prompt = "I can't"},
            {.source = "Once upon a", .target = " time", .prompt = "This is a"}};
}

DemonstrationResult demonstrate(const std::shared_ptr<const ExplainedModel> &model, const Demonstration &demonstration,
                                const std::stop_token &stop) {
    const int32_t target = firstToken(model->tokenizer, demonstration.target);
    const SteeredPrompt source(model, demonstration.source), steered(model, demonstration.prompt);
    DemonstrationResult result{.demonstration = demonstration,
                               .why = {},
                               .row = {},
                               .target = steered.evaluate({.rows = {}, .target = target}, stop).target};
    const std::optional<FeatureEffect> best = source.strongestDirect(target, stop);
    if (!best || best->direct >= 0) {
        result.why = "No feature at the end of \"" + demonstration.source + "\" raises \"" + result.target.text + "\".";
        return result;
    }
    result.natural = best->activation;
    result.direct = -best->direct;
    InterventionRequest request{.rows = {{.layer = best->layer,
                                          .feature = best->feature,
                                          .places = {InterventionPlaces::Kind::Last, {}},
                                          .action = InterventionAction::Set}},
                                .target = target};
    for (const double force : forces) {
        request.rows.front().value = rounded(force * best->activation);
        const InterventionOutcome outcome = steered.evaluate(request, stop);
        if (force > forces.front() && outcome.targetAfter <= result.after)
            continue;
        result.row = request.rows.front();
        result.after = outcome.targetAfter;
        result.rank = outcome.targetRank;
        if (outcome.targetRank == 0)
            break;
    }
    return result;
}

} // namespace tt
