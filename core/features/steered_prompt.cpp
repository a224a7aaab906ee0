#include "core/features/steered_prompt.h"

#include "core/circuits/intervention_pass.h"
#include "core/circuits/intervention_steering.h"
#include "core/features/read_prompt.h"
#include "core/nn/kernels.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <tuple>

namespace tt {
namespace {

constexpr size_t candidates = 10;

double secondsSince(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<float> logitsOf(const ExplainedModel &model, std::span<const float> finalNorm) {
    const size_t rows = finalNorm.size() / static_cast<size_t>(model.gpt.config.dModel);
    std::vector<float> out(rows * static_cast<size_t>(model.gpt.config.vocabSize));
    logits<float>(model.gpt, finalNorm, out);
    return out;
}

std::span<const float> rowOf(const std::vector<float> &rows, size_t row, size_t width) {
    return std::span(rows).subspan(row * width, width);
}

std::vector<double> probabilitiesOf(std::span<const float> logitsRow) {
    std::vector<double> p(logitsRow.begin(), logitsRow.end());
    softmax<double>(p);
    return p;
}

double relativeToMean(std::span<const float> logitsRow, int32_t token) {
    const double sum = std::accumulate(logitsRow.begin(), logitsRow.end(), 0.0);
    return static_cast<double>(logitsRow[static_cast<size_t>(token)]) - sum / static_cast<double>(logitsRow.size());
}

double divergence(std::span<const float> before, std::span<const float> after) {
    double kl = 0;
    kernels<float>().klDivergence(before.data(), after.data(), 1, static_cast<int64_t>(before.size()), &kl);
    return std::max(kl, 0.0);
}

void requireFinite(const std::vector<float> &values) {
    if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
        throw Error("The logits overflow with these interventions. Smaller values keep them finite.");
}

/// The most probable tokens before or after, by probability before.
std::vector<TokenShift> shifts(const ExplainedModel &model, std::span<const float> before,
                               std::span<const float> after) {
    const std::vector<double> p = probabilitiesOf(before), q = probabilitiesOf(after);
    std::vector<int32_t> order(p.size());
    std::iota(order.begin(), order.end(), 0);
    const auto at = [](const std::vector<double> &values, int32_t id) { return values[static_cast<size_t>(id)]; };
    const auto larger = [&](int32_t id) { return std::max(at(p, id), at(q, id)); };
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(candidates, order.size()));
    std::partial_sort(order.begin(), end, order.end(),
                      [&](int32_t a, int32_t b) { return larger(a) != larger(b) ? larger(a) > larger(b) : a < b; });
    std::stable_sort(order.begin(), end, [&](int32_t a, int32_t b) { return at(p, a) > at(p, b); });
    std::vector<TokenShift> tokens;
    for (auto id = order.begin(); id != end; ++id)
        tokens.push_back({*id, model.tokenizer.text(*id), at(p, *id), at(q, *id)});
    return tokens;
}

} // namespace

SteeredPrompt::SteeredPrompt(std::shared_ptr<const ExplainedModel> model, const std::string &prompt)
    : model_(std::move(model)), prompt_(prompt), ids_(readPrompt(*model_, prompt).ids) {
    requireMlpOutput(model_->transcoder.config, model_->transcoderName);
    if (ids_.empty())
        throw Error("The prompt is empty. Interventions need at least one token.", Error::Kind::Usage);
    forward<float>(model_->gpt, ids_, 1, activations_);
    active_ = encodeLayers(*model_, activations_);
    before_ = logitsOf(
        *model_, std::span<const float>(activations_.finalNorm).last(static_cast<size_t>(model_->gpt.config.dModel)));
    requireFinite(before_);
}

int32_t SteeredPrompt::checkedTarget(std::optional<int32_t> target) const {
    const int32_t vocab = model_->gpt.config.vocabSize;
    if (!target)
        return static_cast<int32_t>(std::max_element(before_.begin(), before_.end()) - before_.begin());
    if (*target < 0 || *target >= vocab)
        throw Error("There is no token " + std::to_string(*target) + "; the vocabulary has " + std::to_string(vocab) +
                        ".",
                    Error::Kind::Usage);
    return *target;
}

std::vector<RowEffect> SteeredPrompt::rowEffects(const std::vector<Intervention> &rows) const {
    const int length = static_cast<int>(ids_.size());
    std::vector<RowEffect> effects(rows.size());
    for (size_t row = 0; row < rows.size(); ++row) {
        std::vector<Intervention> alone{rows[row]};
        alone.front().enabled = true;
        const auto layer = static_cast<size_t>(rows[row].layer), feature = static_cast<size_t>(rows[row].feature);
        if (layer < model_->promoted.size() && feature < model_->promoted[layer].size()) {
            effects[row].maximum = model_->statistics.maximum[layer][feature];
            effects[row].promoted = model_->tokenizer.text(model_->promoted[layer][feature]);
        }
        for (const PlacedChange &change : placeInterventions(alone, model_->transcoder.config, length, 0, length - 1)) {
            const double a = activationIn(active_[static_cast<size_t>(change.layer)], change.position, change.feature);
            if (effects[row].position < 0 || a > effects[row].before)
                std::tie(effects[row].position, effects[row].before, effects[row].after) =
                    std::tuple(change.position, a, changedActivation(change, a));
        }
    }
    return effects;
}

InterventionOutcome SteeredPrompt::evaluate(const InterventionRequest &request, const std::stop_token &stop) const {
    const int length = static_cast<int>(ids_.size());
    const auto vocab = static_cast<size_t>(model_->gpt.config.vocabSize);
    const int32_t target = checkedTarget(request.target);
    InterventionOutcome outcome{.notes = checkInterventions(request.rows, model_->transcoder.config, length),
                                .effects = rowEffects(request.rows)};
    const std::vector<std::vector<PlacedChange>> variants{
        placeInterventions(request.rows, model_->transcoder.config, length, 0, length - 1)};
    const PassOutput output = request.everyPosition ? PassOutput::EveryPosition : PassOutput::LastPosition;
    const std::vector<float> after =
        logitsOf(*model_, changedFinalNorm<float>(traced(), variants, request.mode, output, stop));
    requireFinite(after);
    const std::span<const float> last = std::span(after).last(vocab);
    outcome.before = bestTokens(model_->tokenizer, before_, candidates);
    outcome.after = bestTokens(model_->tokenizer, last, candidates);
    outcome.tokens = shifts(*model_, before_, last);
    outcome.kl = divergence(before_, last);
    outcome.target = {target, model_->tokenizer.text(target), probabilitiesOf(before_)[static_cast<size_t>(target)],
                      static_cast<double>(before_[static_cast<size_t>(target)])};
    outcome.targetChange = relativeToMean(last, target) - relativeToMean(before_, target);
    outcome.targetAfter = probabilitiesOf(last)[static_cast<size_t>(target)];
    outcome.targetRank = static_cast<int>(std::count_if(
        last.begin(), last.end(), [&](float logit) { return logit > last[static_cast<size_t>(target)]; }));
    if (!request.everyPosition)
        return outcome;
    const std::vector<float> before = logitsOf(*model_, activations_.finalNorm);
    for (size_t p = 0; p < ids_.size(); ++p) {
        const auto from = rowOf(before, p, vocab), to = rowOf(after, p, vocab);
        outcome.positions.push_back({.position = static_cast<int>(p),
                                     .kl = divergence(from, to),
                                     .before = bestTokens(model_->tokenizer, from, 1).front(),
                                     .after = bestTokens(model_->tokenizer, to, 1).front(),
                                     .targetChange = relativeToMean(to, target) - relativeToMean(from, target)});
    }
    return outcome;
}

EffectReport SteeredPrompt::effects(std::optional<int32_t> target, InterventionMode mode, const std::stop_token &stop,
                                    const ProgressSink &progress) const {
    const auto start = std::chrono::steady_clock::now();
    const int32_t token = checkedTarget(target);
    const Targets targets{.kind = Targets::Kind::Tokens, .tokens = {token}};
    EffectReport report{.target = {token, model_->tokenizer.text(token),
                                   probabilitiesOf(before_)[static_cast<size_t>(token)],
                                   static_cast<double>(before_[static_cast<size_t>(token)])},
                        .mode = mode,
                        .scan = {}};
    const TracedPrompt<float> prompt = traced();
    const Attribution<float> attribution =
        attribute<float>(model_->gpt, model_->transcoder, ids_, activations_, active_, targets, stop);
    const double traced = secondsSince(start);
    report.scan = scanEffects<float>(prompt, attribution, targets, mode, stop, progress);
    report.seconds = secondsSince(start);
    report.ablationSeconds = report.seconds - traced;
    return report;
}

std::vector<int32_t> SteeredPrompt::generate(const std::vector<Intervention> &rows, const SamplingConfig &sampling,
                                             uint64_t seed, const std::function<bool(const GeneratedToken &)> &token,
                                             const std::stop_token &stop) const {
    Random random(seed);
    Steering<float> steering(model_->transcoder, rows, static_cast<int>(ids_.size()));
    const DecoderHook hook = [&](int layer, int64_t first, std::span<const float> ln2, std::span<float> mlpOutput) {
        steering.apply(layer, first, ln2, mlpOutput);
    };
    return tt::generate(model_->gpt, ids_, model_->tokenizer.endOfText(), sampling, random, token, stop,
                        rows.empty() ? DecoderHook() : hook);
}

std::optional<FeatureEffect> SteeredPrompt::strongestDirect(int32_t token, const std::stop_token &stop) const {
    const Targets targets{.kind = Targets::Kind::Tokens, .tokens = {checkedTarget(token)}};
    const Attribution<float> attribution =
        attribute<float>(model_->gpt, model_->transcoder, ids_, activations_, active_, targets, stop);
    const float *edges = attribution.matrix.data() + attribution.targetRows.front() * attribution.sources;
    std::optional<FeatureEffect> best;
    for (int64_t column = 0; column < attribution.sources; ++column) {
        const Node &node = attribution.nodes[static_cast<size_t>(column)];
        const double effect = -static_cast<double>(edges[column]); // of ablating it
        if (node.kind == NodeKind::Feature && node.position == static_cast<int>(ids_.size()) - 1 &&
            (!best || effect < best->direct))
            best = {.layer = node.layer,
                    .position = node.position,
                    .feature = node.id,
                    .activation = node.activation,
                    .direct = effect};
    }
    return best;
}

} // namespace tt
