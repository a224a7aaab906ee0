#include "core/features/prompt_features.h"

#include "core/nn/gpt_forward.h"
#include "core/progress.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <numeric>

namespace tt {

namespace {
constexpr size_t candidates = 10;

/// The prompt's tokens with what does not fit into the context taken off the front.
struct ReadPrompt {
    std::vector<int32_t> ids, leftOut;
};

ReadPrompt readPrompt(const ExplainedModel &model, const std::string &prompt) {
    ReadPrompt read{.ids = model.tokenizer.encode(prompt), .leftOut = {}};
    const auto context = static_cast<size_t>(model.gpt.config.context);
    if (read.ids.size() > context) {
        const auto cut = read.ids.end() - static_cast<std::ptrdiff_t>(context);
        read.leftOut.assign(read.ids.begin(), cut);
        read.ids.erase(read.ids.begin(), cut);
    }
    return read;
}

std::vector<std::string> texts(const Tokenizer &tokenizer, const std::vector<int32_t> &ids) {
    std::vector<std::string> out;
    for (const int32_t id : ids)
        out.push_back(tokenizer.text(id));
    return out;
}

std::vector<SparseActivations<float>> encodeLayers(const ExplainedModel &model,
                                                   const GptActivations<float> &activations) {
    std::vector<SparseActivations<float>> active;
    for (int layer = 0; layer < model.transcoder.config.layers; ++layer)
        active.push_back(encode<float>(model.transcoder, layer, activations.blocks[static_cast<size_t>(layer)].ln2));
    return active;
}

ActiveFeature describeActive(const ExplainedModel &model, int position, int layer, int32_t feature, float activation) {
    const auto l = static_cast<size_t>(layer), f = static_cast<size_t>(feature);
    return {.position = position,
            .layer = layer,
            .feature = feature,
            .activation = activation,
            .maximum = std::max(activation, model.statistics.maximum[l][f]),
            .density = model.statistics.density[l][f],
            .promoted = model.tokenizer.text(model.promoted[l][f])};
}

std::vector<ActiveFeature> listActive(const ExplainedModel &model, const std::vector<SparseActivations<float>> &active,
                                      int64_t length) {
    std::vector<ActiveFeature> list;
    for (int64_t position = 0; position < length; ++position)
        for (size_t layer = 0; layer < active.size(); ++layer) {
            const auto first = static_cast<std::ptrdiff_t>(list.size());
            const auto &a = active[layer];
            for (auto i = static_cast<size_t>(a.offsets[static_cast<size_t>(position)]);
                 i < static_cast<size_t>(a.offsets[static_cast<size_t>(position) + 1]); ++i)
                list.push_back(describeActive(model, static_cast<int>(position), static_cast<int>(layer), a.features[i],
                                              a.values[i]));
            std::stable_sort(list.begin() + first, list.end(),
                             [](const auto &x, const auto &y) { return x.activation > y.activation; });
        }
    return list;
}

/// Everything a graph of a prompt starts from.
struct Prepared {
    ReadPrompt read;
    GptActivations<float> activations;
    std::vector<SparseActivations<float>> active;
};

Prepared prepare(const ExplainedModel &model, const std::string &prompt) {
    Prepared prepared{.read = readPrompt(model, prompt), .activations = {}, .active = {}};
    if (prepared.read.ids.empty())
        throw Error("The prompt is empty. A graph needs at least one token.", Error::Kind::Usage);
    forward<float>(model.gpt, prepared.read.ids, 1, prepared.activations);
    prepared.active = encodeLayers(model, prepared.activations);
    return prepared;
}

std::string nodeLabel(const ExplainedModel &model, const Node &node) {
    switch (node.kind) {
    case NodeKind::Feature:
        return model.tokenizer.text(model.promoted[static_cast<size_t>(node.layer)][static_cast<size_t>(node.id)]);
    case NodeKind::Token:
    case NodeKind::Logit:
        return model.tokenizer.text(node.id);
    case NodeKind::Error:
        return "error";
    case NodeKind::Position:
        return std::to_string(node.position);
    case NodeKind::Bias:
        return "bias";
    }
    return {};
}

void describe(const ExplainedModel &model, const std::string &prompt, const ReadPrompt &read, AttributionGraph &graph) {
    graph.prompt = prompt;
    graph.ids = read.ids;
    graph.tokens = texts(model.tokenizer, read.ids);
    graph.gpt = model.gptName;
    graph.transcoder = model.transcoderName;
    for (GraphNode &node : graph.nodes)
        node.label = nodeLabel(model, node.node);
}

double secondsSince(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
} // namespace

std::vector<TokenCandidate> bestTokens(const Tokenizer &tokenizer, std::span<const float> logits, size_t wanted) {
    std::vector<int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const size_t count = std::min(wanted, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                      [&](int32_t a, int32_t b) {
                          const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
                          return x != y ? x > y : a < b;
                      });
    std::vector<double> probabilities(logits.begin(), logits.end());
    softmax<double>(probabilities);
    std::vector<TokenCandidate> best;
    for (size_t i = 0; i < count; ++i) {
        const auto id = static_cast<size_t>(order[i]);
        best.push_back({order[i], tokenizer.text(order[i]), probabilities[id], static_cast<double>(logits[id])});
    }
    return best;
}

namespace {
/// What the softmax of a row of logits gives one token.
double probabilityOf(std::span<const float> logits, int32_t token) {
    const float largest = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(static_cast<double>(logit - largest));
    return std::exp(static_cast<double>(logits[static_cast<size_t>(token)] - largest)) / sum;
}
} // namespace

PromptFeatures promptFeatures(const ExplainedModel &model, const std::string &prompt, std::stop_token stop) {
    const ReadPrompt read = readPrompt(model, prompt);
    PromptFeatures features{.prompt = prompt,
                            .gpt = model.gptName,
                            .transcoder = model.transcoderName,
                            .ids = read.ids,
                            .tokens = texts(model.tokenizer, read.ids),
                            .given = {},
                            .leftOut = texts(model.tokenizer, read.leftOut),
                            .next = {},
                            .active = {},
                            .layers = model.transcoder.config.layers,
                            .features = model.transcoder.config.features};
    if (read.ids.empty())
        return features;
    GptActivations<float> activations;
    forward<float>(model.gpt, read.ids, 1, activations);
    throwIfStopped(stop);
    const auto vocab = static_cast<size_t>(model.gpt.config.vocabSize);
    std::vector<float> rows(read.ids.size() * vocab);
    logits<float>(model.gpt, activations.finalNorm, rows);
    for (size_t i = 0; i < read.ids.size(); ++i)
        features.next.push_back(bestTokens(model.tokenizer, std::span(rows).subspan(i * vocab, vocab), candidates));
    features.given.push_back(-1);
    for (size_t i = 1; i < read.ids.size(); ++i)
        features.given.push_back(probabilityOf(std::span(rows).subspan((i - 1) * vocab, vocab), read.ids[i]));
    throwIfStopped(stop);
    features.active = listActive(model, encodeLayers(model, activations), static_cast<int64_t>(read.ids.size()));
    return features;
}

TracedGraph tracePrompt(const ExplainedModel &model, const std::string &prompt, const TraceSettings &settings,
                        std::stop_token stop) {
    auto start = std::chrono::steady_clock::now();
    const auto lap = [&start] {
        const double seconds = secondsSince(start);
        start = std::chrono::steady_clock::now();
        return seconds;
    };
    TracedGraph traced;
    const Prepared prepared = prepare(model, prompt);
    const Attribution<float> attribution = attribute<float>(
        model.gpt, model.transcoder, prepared.read.ids, prepared.activations, prepared.active, settings.targets, stop);
    traced.seconds.attribution = lap();
    traced.graph = buildGraph(attribution, settings.prune);
    describe(model, prompt, prepared.read, traced.graph);
    traced.seconds.prune = lap();
    traced.layout = layoutGraph(traced.graph, nodeSizes(traced.graph), stop);
    traced.seconds.layout = lap();
    return traced;
}

Verification verifyPrompt(const ExplainedModel &model, const std::string &prompt, const Targets &targets, int samples,
                          uint64_t seed, std::stop_token stop) {
    const Prepared prepared = prepare(model, prompt);
    const Attribution<float> attribution = attribute<float>(model.gpt, model.transcoder, prepared.read.ids,
                                                            prepared.activations, prepared.active, targets, stop);
    Random random(seed);
    return verify<float>(model.gpt, model.transcoder, prepared.activations, attribution, samples, random, stop);
}

namespace {
[[noreturn]] void throwTarget(const std::string &text) {
    throw Error("The target \"" + text +
                    "\" is not understood. Use auto, token:TEXT, id:N, diff:IDA,IDB or feature:LAYER/POSITION/FEATURE.",
                Error::Kind::Usage);
}

/// `count` whole numbers separated by `separator`, or none.
std::vector<int32_t> parseNumbers(std::string_view text, char separator, size_t count) {
    std::vector<int32_t> numbers;
    while (true) {
        const size_t end = std::min(text.find(separator), text.size());
        int32_t value = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + end, value);
        if (error != std::errc() || stop != text.data() + end || value < 0)
            return {};
        numbers.push_back(value);
        if (end == text.size())
            break;
        text.remove_prefix(end + 1);
    }
    return numbers.size() == count ? numbers : std::vector<int32_t>();
}

int32_t checkedToken(int32_t id, const Tokenizer &tokenizer) {
    if (id >= tokenizer.vocabSize())
        throw Error("There is no token " + std::to_string(id) + "; the vocabulary has " +
                        std::to_string(tokenizer.vocabSize()) + ".",
                    Error::Kind::Usage);
    return id;
}
} // namespace

Targets parseTargets(const std::string &text, const Tokenizer &tokenizer) {
    if (text.empty() || text == "auto")
        return {};
    const size_t colon = text.find(':');
    if (colon == std::string::npos)
        throwTarget(text);
    const std::string kind = text.substr(0, colon), rest = text.substr(colon + 1);
    if (kind == "token") {
        const auto ids = tokenizer.encode(rest);
        if (ids.size() != 1)
            throw Error("\"" + rest + "\" is " + std::to_string(ids.size()) +
                            " tokens, not one. Most words have a space in front: token:\" time\".",
                        Error::Kind::Usage);
        return {.kind = Targets::Kind::Tokens, .tokens = ids};
    }
    if (const auto id = parseNumbers(rest, ',', 1); kind == "id" && !id.empty())
        return {.kind = Targets::Kind::Tokens, .tokens = {checkedToken(id[0], tokenizer)}};
    if (const auto ids = parseNumbers(rest, ',', 2); kind == "diff" && !ids.empty())
        return {.kind = Targets::Kind::Difference,
                .tokens = {checkedToken(ids[0], tokenizer), checkedToken(ids[1], tokenizer)}};
    if (const auto place = parseNumbers(rest, '/', 3); kind == "feature" && !place.empty())
        return {
            .kind = Targets::Kind::Feature, .tokens = {}, .layer = place[0], .position = place[1], .feature = place[2]};
    throwTarget(text);
}

} // namespace tt
