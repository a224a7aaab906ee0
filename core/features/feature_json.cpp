#include "core/features/feature_card.h"

#include "core/io/json_impl.h"

#include <set>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr int contextBefore = 16, contextAfter = 8; // tokens of an example

OrderedJson exampleJson(const ShownExample &example, bool repeated) {
    return {{"tokens_acts_list", example.context.activations},
            {"train_token_ind", example.peakAt},
            {"is_repeated_datapoint", repeated},
            {"tokens", example.context.tokens}};
}

/// Examples by quantile, strongest first: "Top activations", then tenths from the strongest down.
OrderedJson quantilesJson(const Dictionary &dictionary, int layer, int feature, std::stop_token stop) {
    std::vector<Example> all;
    std::vector<std::pair<std::string, size_t>> parts; // name, size
    const auto add = [&](const std::string &name, const std::vector<Example> &examples) {
        all.insert(all.end(), examples.begin(), examples.end());
        parts.emplace_back(name, examples.size());
    };
    add("Top activations", dictionary.index->top(layer, feature));
    for (int q = FeatureIndex::quantiles - 1; q >= 0; --q)
        add("Quantile " + std::to_string(q * 10) + " to " + std::to_string(q * 10 + 10) + " %",
            dictionary.index->quantile(layer, feature, q));
    const auto shown = showExamples(dictionary, layer, feature, all, contextBefore, contextAfter, std::move(stop));
    OrderedJson quantiles = OrderedJson::array();
    size_t next = 0;
    std::set<int64_t> seen; // stories
    for (const auto &[name, size] : parts) {
        OrderedJson examples = OrderedJson::array();
        for (size_t i = 0; i < size; ++i, ++next)
            examples.push_back(exampleJson(shown[next], !seen.insert(shown[next].story).second));
        quantiles.push_back({{"quantile_name", name}, {"examples", examples}});
    }
    return quantiles;
}
} // namespace

int64_t cantor(int64_t layer, int64_t feature) {
    return (layer + feature) * (layer + feature + 1) / 2 + feature;
}

std::string featureJson(const Dictionary &dictionary, int layer, int feature, std::stop_token stop) {
    const ExplainedModel &model = *dictionary.model;
    if (!dictionary.index)
        throw Error(dictionary.noIndex.empty() ? "The corpus has not been indexed. Run features index first."
                                               : dictionary.noIndex);
    const FeatureIndex &index = *dictionary.index;
    const LogitEffects effects = logitEffects(model.gpt, model.transcoder, layer, feature, 10);
    const auto texts = [&](const std::vector<TokenWeight> &tokens) {
        OrderedJson list = OrderedJson::array();
        for (const TokenWeight &token : tokens)
            list.push_back(model.tokenizer.text(token.token));
        return list;
    };
    const OrderedJson document{{"transcoder_id", model.transcoderName},
                               {"index", cantor(layer, feature)},
                               {"layer", layer},
                               {"feature", feature},
                               {"examples_quantiles", quantilesJson(dictionary, layer, feature, std::move(stop))},
                               {"top_logits", texts(effects.raised)},
                               {"bottom_logits", texts(effects.lowered)},
                               {"act_min", 0.0},
                               {"act_max", index.maximum(layer, feature)},
                               {"quantile_values", index.quantileValues(layer, feature)},
                               {"histogram", index.histogram(layer, feature)},
                               {"activation_frequency", index.density(layer, feature)}};
    return writeJson(document);
}

int64_t exportFeatures(const Dictionary &dictionary, const fs::path &folder, std::stop_token stop,
                       const ProgressSink &progress) {
    fs::create_directories(folder);
    ProgressThrottle throttle(progress);
    const int64_t all = int64_t{dictionary.layers()} * dictionary.features();
    int64_t written = 0, done = 0;
    const auto report = [&] {
        return Progress{"Exporting features", static_cast<double>(done), static_cast<double>(all), "features"};
    };
    for (int layer = 0; layer < dictionary.layers(); ++layer)
        for (int feature = 0; feature < dictionary.features(); ++feature, ++done) {
            throwIfStopped(stop);
            throttle.report(report());
            if (dictionary.index && dictionary.index->count(layer, feature) == 0)
                continue;
            writeFileAtomically(folder / (std::to_string(cantor(layer, feature)) + ".json"),
                                featureJson(dictionary, layer, feature, stop));
            ++written;
        }
    throttle.finish(report());
    return written;
}

} // namespace tt
