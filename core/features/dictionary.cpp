#include "core/features/dictionary.h"

namespace tt {

float Dictionary::maximum(int layer, int feature) const {
    return index ? index->maximum(layer, feature)
                 : model->statistics.maximum[static_cast<size_t>(layer)][static_cast<size_t>(feature)];
}

double Dictionary::density(int layer, int feature) const {
    return index ? index->density(layer, feature)
                 : static_cast<double>(
                       model->statistics.density[static_cast<size_t>(layer)][static_cast<size_t>(feature)]);
}

DictionarySummary summarise(const Dictionary &dictionary) {
    const ExplainedModel &model = *dictionary.model;
    DictionarySummary summary;
    summary.transcoder = model.transcoderName;
    summary.corpus = dictionary.corpus;
    summary.noIndex = dictionary.noIndex;
    summary.layers = dictionary.layers();
    summary.features = dictionary.features();
    summary.indexed = dictionary.index.has_value();
    const bool measured = !dictionary.ceEffects.isEmpty();
    summary.ceWindows = dictionary.ceEffects.windows();
    summary.ceExact = dictionary.ceEffects.isExact();
    for (int layer = 0; layer < summary.layers; ++layer)
        for (int feature = 0; feature < summary.features; ++feature) {
            summary.maximum.push_back(dictionary.maximum(layer, feature));
            summary.density.push_back(static_cast<float>(dictionary.density(layer, feature)));
            summary.promoted.push_back(
                model.tokenizer.text(model.promoted[static_cast<size_t>(layer)][static_cast<size_t>(feature)]));
            if (measured) {
                const std::optional<double> rise = dictionary.ceEffects.rise(layer, feature);
                summary.ceEffect.push_back(rise ? std::optional(static_cast<float>(*rise)) : std::nullopt);
            }
        }
    return summary;
}

Dictionary dictionaryOf(std::shared_ptr<const ExplainedModel> model) {
    Dictionary dictionary;
    dictionary.model = std::move(model);
    return dictionary;
}

Dictionary dictionaryOf(std::shared_ptr<const ExplainedModel> model, FeatureIndex index, TokenCache tokens,
                        IndexIdentity identity) {
    Dictionary dictionary = dictionaryOf(std::move(model));
    dictionary.coactivation = Coactivation(index);
    const auto window = static_cast<size_t>(index.windowLength());
    const auto windows = index.sample().windows;
    dictionary.sampledIds.resize(windows.size() * window);
    for (size_t i = 0; i < windows.size(); ++i)
        tokens.read(windows[i], std::span(dictionary.sampledIds).subspan(i * window, window));
    dictionary.index = std::move(index);
    dictionary.tokens = std::move(tokens);
    dictionary.corpus = identity.corpus;
    dictionary.identity = std::move(identity);
    return dictionary;
}

Dictionary openDictionary(const Workspace &workspace, std::shared_ptr<const ExplainedModel> model,
                          std::stop_token stop) {
    Dictionary plain = dictionaryOf(std::move(model));
    const auto file = workspace.transcoder(plain.model->transcoderName) / "features.index";
    try {
        if (!std::filesystem::exists(file))
            throw Error("The features of " + plain.model->transcoderName + " have no index of examples yet.");
        IndexedCorpus corpus = indexedCorpus(workspace, *plain.model, {}, std::move(stop), {});
        Dictionary dictionary = dictionaryOf(plain.model, corpus.open(), corpus.tokens, corpus.identity);
        dictionary.ceEffects = readCeEffects(ceEffectsFile(file.parent_path()), corpus.identity);
        return dictionary;
    } catch (const Error &error) {
        if (error.kind() == Error::Kind::Cancelled)
            throw;
        plain.noIndex = error.what();
        return plain;
    }
}

} // namespace tt
