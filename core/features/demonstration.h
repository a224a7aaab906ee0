#pragma once

#include "core/features/steered_prompt.h"

namespace tt {

/// "Force the feature behind SOURCE → TARGET in PROMPT": the feature is looked for in whatever model is loaded.
struct Demonstration {
    std::string source; ///< its last token is where the feature is looked for
    std::string target; ///< the word it promotes there, with its space; its first token counts
    std::string prompt; ///< where it is forced, at the last token
    bool operator==(const Demonstration &) const = default;
};
/// The feature behind "worry" after "can't", and the one behind "Once upon a → time" after "This is a".
std::vector<Demonstration> originalDemonstrations();

struct DemonstrationResult {
    Demonstration demonstration;
    std::string why;       ///< why there is nothing to force; empty where there is
    Intervention row;      ///< to apply to demonstration.prompt
    TokenCandidate target; ///< before, in demonstration.prompt
    double natural = 0;    ///< the feature's activation in the source
    double direct = 0;     ///< its direct effect on the target's logit there
    double after = 0;      ///< the target's probability with the row in force
    int rank = 0;          ///< how many tokens are still more probable
};

/// Finds the feature active at the source's last token whose direct effect on the target is largest, and the smallest
/// force (in steps from its natural activation to 32 times that) that makes the target the most probable next token;
/// where none does, the force that makes it most probable.
DemonstrationResult demonstrate(const std::shared_ptr<const ExplainedModel> &model, const Demonstration &demonstration,
                                const std::stop_token &stop);

} // namespace tt
