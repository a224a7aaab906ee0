#pragma once

#include "core/circuits/intervention.h"
#include "core/circuits/intervention_effects.h"
#include "core/features/prompt_features.h"
#include "core/nn/generate.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tt {

/// A next token before and after interventions.
struct TokenShift {
    int32_t id = 0;
    std::string text;
    double before = 0, after = 0; ///< probabilities
};

/// A position's prediction before and after.
struct PositionShift {
    int position = 0;
    double kl = 0;                ///< KL(before ‖ after), nats
    TokenCandidate before, after; ///< the most probable next token
    double targetChange = 0;      ///< of the chosen token's logit, relative to the mean logit
};

/// What a row does: the activation it finds in the prompt (the largest of its places) and what it makes of it.
struct RowEffect {
    int position = -1; ///< −1: none of the prompt's positions
    double before = 0, after = 0;
    double maximum = 0;   ///< the feature's largest activation on the corpus
    std::string promoted; ///< text of the token it promotes most
    bool operator==(const RowEffect &) const = default;
};

struct InterventionRequest {
    std::vector<Intervention> rows;
    InterventionMode mode = InterventionMode::Free;
    std::optional<int32_t> target; ///< the chosen token; none = the most probable before
    bool everyPosition = false;    ///< also fill `positions`
    bool operator==(const InterventionRequest &) const = default;
};

struct InterventionOutcome {
    std::vector<TokenCandidate> before, after; ///< the 10 most probable next tokens
    std::vector<TokenShift> tokens;            ///< the 10 most probable before or after, by probability before
    double kl = 0;                             ///< KL(before ‖ after) of the next token, nats
    TokenCandidate target;                     ///< the chosen token, before
    double targetChange = 0;                   ///< of its logit, relative to the mean logit
    double targetAfter = 0;                    ///< its probability after
    int targetRank = 0;                        ///< after: how many tokens are more probable
    std::vector<RowNote> notes;                ///< by row
    std::vector<RowEffect> effects;            ///< by row
    std::vector<PositionShift> positions;
};

struct EffectReport {
    TokenCandidate target;
    InterventionMode mode = InterventionMode::Free;
    EffectScan scan;
    double seconds = 0, ablationSeconds = 0; ///< with the graph; the ablations alone
};

/// A prompt that was read once and is intervened in many times: what lies below an intervention is not computed again.
/// Shares the model; calls may not overlap.
class SteeredPrompt {
public:
    /// Throws Error(Usage) for an empty prompt.
    SteeredPrompt(std::shared_ptr<const ExplainedModel> model, const std::string &prompt);

    [[nodiscard]] const ExplainedModel &model() const { return *model_; }
    [[nodiscard]] const std::string &prompt() const { return prompt_; }
    [[nodiscard]] const std::vector<int32_t> &ids() const { return ids_; }
    /// Rows with a problem are left out and say so in `notes`. Throws Error where the logits overflow, Error(Usage) for
    /// a target that does not exist.
    [[nodiscard]] InterventionOutcome evaluate(const InterventionRequest &request, const std::stop_token &stop) const;
    /// Ablates every active feature on its own (scanEffects()).
    [[nodiscard]] EffectReport effects(std::optional<int32_t> target, InterventionMode mode,
                                       const std::stop_token &stop, const ProgressSink &progress) const;
    /// Continues the prompt with `rows` in force at every token (free mode); none = without steering.
    std::vector<int32_t> generate(const std::vector<Intervention> &rows, const SamplingConfig &sampling, uint64_t seed,
                                  const std::function<bool(const GeneratedToken &)> &token,
                                  const std::stop_token &stop) const;
    /// The active feature of the last position whose direct effect on the logit of `token` is largest.
    [[nodiscard]] std::optional<FeatureEffect> strongestDirect(int32_t token, const std::stop_token &stop) const;

private:
    [[nodiscard]] TracedPrompt<float> traced() const {
        return {model_->gpt, model_->transcoder, ids_, activations_, active_};
    }
    [[nodiscard]] int32_t checkedTarget(std::optional<int32_t> target) const;
    [[nodiscard]] std::vector<RowEffect> rowEffects(const std::vector<Intervention> &rows) const;

    std::shared_ptr<const ExplainedModel> model_;
    std::string prompt_;
    std::vector<int32_t> ids_;
    GptActivations<float> activations_;
    std::vector<SparseActivations<float>> active_;
    std::vector<float> before_; ///< (V) logits of the last position
};

} // namespace tt
