#include "core/features/feature_card.h"

#include <cstdio>

namespace tt {

namespace {
std::vector<WeightedToken> withText(const Tokenizer &tokenizer, const std::vector<TokenWeight> &tokens) {
    std::vector<WeightedToken> out;
    for (const auto &[token, weight] : tokens)
        out.push_back({tokenizer.text(token), token, weight});
    return out;
}

std::string figure(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    return text.data();
}

std::string nameOf(int layer, int feature) {
    return std::to_string(layer) + "/" + std::to_string(feature);
}

std::string line(const std::string &title, const std::vector<WeightedToken> &tokens) {
    std::string text = title;
    for (const WeightedToken &token : tokens)
        text += "  \"" + token.text + "\" " + figure(static_cast<double>(token.weight));
    return text + "\n";
}

std::string line(const std::string &title, const std::vector<FeatureWeight> &features) {
    std::string text = title;
    for (const FeatureWeight &f : features)
        text += "  " + nameOf(f.layer, f.feature) + " " + figure(static_cast<double>(f.weight));
    return text + "\n";
}

std::string line(const std::string &title, const std::vector<FeaturePath> &paths) {
    std::string text = title;
    for (const FeaturePath &path : paths)
        text += "  " + nameOf(path.layer, path.feature) +
                (path.head < 0 ? " direct "
                               : " L" + std::to_string(path.throughLayer) + "H" + std::to_string(path.head) + " ") +
                figure(static_cast<double>(path.score()));
    return text + "\n";
}

std::string line(const ShownExample &example) {
    std::string text = "  " + figure(static_cast<double>(example.peak.activation)) + "  ";
    for (size_t i = 0; i < example.context.tokens.size(); ++i) {
        const bool peak = static_cast<int>(i) == example.peakAt;
        text += (peak ? "[" : "") + example.context.tokens[i] + (peak ? "]" : "");
    }
    for (char &c : text)
        c = c == '\n' ? ' ' : c;
    return text + (example.repeats > 1 ? "  (×" + std::to_string(example.repeats) + ")" : "") + "\n";
}
} // namespace

FeatureFacts describeFeature(const Dictionary &dictionary, int layer, int feature, size_t count) {
    const ExplainedModel &model = *dictionary.model;
    FeatureFacts facts{.layer = layer, .feature = feature, .histogram = {}, .quantileValues = {}};
    facts.maximum = dictionary.maximum(layer, feature);
    facts.density = dictionary.density(layer, feature);
    facts.ceEffect = dictionary.ceEffects.rise(layer, feature);
    if (dictionary.index) {
        const FeatureIndex &index = *dictionary.index;
        facts.indexed = true;
        facts.count = index.count(layer, feature);
        facts.tokens = index.tokens();
        facts.histogram.assign(index.histogram(layer, feature).begin(), index.histogram(layer, feature).end());
        facts.quantileValues.assign(index.quantileValues(layer, feature).begin(),
                                    index.quantileValues(layer, feature).end());
    }
    const LogitEffects effects = logitEffects(model.gpt, model.transcoder, layer, feature, count);
    facts.raised = withText(model.tokenizer, effects.raised);
    facts.lowered = withText(model.tokenizer, effects.lowered);
    facts.reads = withText(model.tokenizer, readTokens(model.gpt, model.transcoder, layer, feature, count));
    facts.nearest = nearestDecoders(model.transcoder, layer, feature, count);
    facts.coactive = nearestCoactive(dictionary.coactivation, layer, feature, count);
    facts.upstream = upstream(model.gpt, model.transcoder, dictionary.coactivation, layer, feature, count);
    facts.downstream = downstream(model.gpt, model.transcoder, dictionary.coactivation, layer, feature, count);
    return facts;
}

FeatureExamples featureExamples(const Dictionary &dictionary, int layer, int feature, int before, int after,
                                const std::stop_token &stop) {
    FeatureExamples examples{.layer = layer, .feature = feature, .top = {}, .quantile = {}};
    if (!dictionary.index)
        return examples;
    std::vector<Example> all = dictionary.index->top(layer, feature); // one pass of the model over all of them
    std::vector<size_t> ends{all.size()};
    for (int q = 0; q < FeatureIndex::quantiles; ++q) {
        const std::vector<Example> tenth = dictionary.index->quantile(layer, feature, q);
        all.insert(all.end(), tenth.begin(), tenth.end());
        ends.push_back(all.size());
    }
    const std::vector<ShownExample> shown = showExamples(dictionary, layer, feature, all, before, after, stop);
    const auto part = [&](size_t from, size_t to) {
        return std::vector<ShownExample>(shown.begin() + static_cast<std::ptrdiff_t>(from),
                                         shown.begin() + static_cast<std::ptrdiff_t>(to));
    };
    examples.top = mergeStories(part(0, ends[0]));
    for (size_t q = 0; q < examples.quantile.size(); ++q)
        examples.quantile[q] = part(ends[q], ends[q + 1]);
    return examples;
}

std::string featureText(const Dictionary &dictionary, const FeatureFacts &facts, const FeatureExamples &examples,
                        const FeatureNote &note) {
    std::string text = "Feature " + nameOf(facts.layer, facts.feature) + " of " + dictionary.model->transcoderName;
    text += (note.label.empty() ? "" : ": " + note.label) + "\n" + (note.notes.empty() ? "" : note.notes + "\n");
    text += "density " + figure(facts.density * 100) + " %, largest " + figure(static_cast<double>(facts.maximum));
    text += facts.ceEffect ? ", CE effect " + figure(1000 * *facts.ceEffect) + " millinats a token\n" : "\n";
    text += line("raises ", facts.raised) + line("lowers ", facts.lowered) + line("reads  ", facts.reads);
    text += line("nearest decoders", facts.nearest);
    if (facts.indexed)
        text += line("active together ", facts.coactive);
    text += line("upstream  ", facts.upstream) + line("downstream", facts.downstream);
    if (!examples.top.empty())
        text += "top examples\n";
    for (const ShownExample &example : examples.top)
        text += line(example);
    for (size_t q = examples.quantile.size(); q-- > 0;)
        if (!examples.quantile[q].empty()) {
            text += "tenth " + std::to_string(q + 1) + "\n";
            for (const ShownExample &example : examples.quantile[q])
                text += line(example);
        }
    return text;
}

} // namespace tt
