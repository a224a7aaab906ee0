#include "core/features/feature_card.h"

#include "core/io/file.h"
#include "core/io/gzip.h"
#include "core/io/json_impl.h"

#include <functional>
#include <map>
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

/// A feature's examples by quantile, strongest first: "Top activations", then tenths from the strongest down.
class QuantileExamples {
public:
    QuantileExamples(ExampleReader &reader, const Dictionary &dictionary, int layer, int feature) {
        const FeatureIndex &index = *dictionary.index;
        const auto add = [&](const std::string &name, const std::vector<Example> &examples) {
            parts_.emplace_back(name, wantExamples(reader, dictionary, feature, examples, contextBefore, contextAfter));
        };
        add("Top activations", index.top(layer, feature));
        for (int q = FeatureIndex::quantiles - 1; q >= 0; --q)
            add("Quantile " + std::to_string(q * 10) + " to " + std::to_string(q * 10 + 10) + " %",
                index.quantile(layer, feature, q));
    }
    /// After the reader has run.
    [[nodiscard]] OrderedJson json(const ExampleReader &reader) const {
        OrderedJson quantiles = OrderedJson::array();
        std::set<int64_t> seen; // stories
        for (const auto &[name, wanted] : parts_) {
            OrderedJson examples = OrderedJson::array();
            for (const ShownExample &shown : readExamples(reader, wanted))
                examples.push_back(exampleJson(shown, !seen.insert(shown.story).second));
            quantiles.push_back({{"quantile_name", name}, {"examples", examples}});
        }
        return quantiles;
    }

private:
    std::vector<std::pair<std::string, std::vector<WantedExample>>> parts_;
};

OrderedJson featureDocument(const Dictionary &dictionary, int layer, int feature, OrderedJson quantiles) {
    const ExplainedModel &model = *dictionary.model;
    const FeatureIndex &index = *dictionary.index;
    const LogitEffects effects = logitEffects(model.gpt, model.transcoder, layer, feature, 10);
    const auto texts = [&](const std::vector<TokenWeight> &tokens) {
        OrderedJson list = OrderedJson::array();
        for (const TokenWeight &token : tokens)
            list.push_back(model.tokenizer.text(token.token));
        return list;
    };
    return {{"transcoder_id", model.transcoderName},
            {"index", cantor(layer, feature)},
            {"layer", layer},
            {"feature", feature},
            {"examples_quantiles", std::move(quantiles)},
            {"top_logits", texts(effects.raised)},
            {"bottom_logits", texts(effects.lowered)},
            {"act_min", 0.0},
            {"act_max", index.maximum(layer, feature)},
            {"quantile_values", index.quantileValues(layer, feature)},
            {"histogram", index.histogram(layer, feature)},
            {"activation_frequency", index.density(layer, feature)}};
}

void checkIndexed(const Dictionary &dictionary) {
    if (!dictionary.index)
        throw Error(dictionary.noIndex.empty() ? "The corpus has not been indexed. Run features index first."
                                               : dictionary.noIndex);
}

/// Hands the document of every feature of a layer to `write`, by index; null for those that never fire.
void forEachFeature(const Dictionary &dictionary, int layer, const std::stop_token &stop, const ProgressSink &sink,
                    const std::function<void(int feature, const OrderedJson *document)> &write) {
    const std::string of = " of layer " + std::to_string(layer);
    ExampleReader reader(dictionary, layer);
    std::map<int, QuantileExamples> examples;
    for (int feature = 0; feature < dictionary.features(); ++feature) {
        throwIfStopped(stop);
        if (dictionary.index->count(layer, feature) > 0)
            examples.emplace(feature, QuantileExamples(reader, dictionary, layer, feature));
    }
    reader.run(stop, [&](Progress progress) {
        progress.what += of;
        if (sink)
            sink(progress);
    });
    ProgressThrottle throttle(sink);
    Progress progress{"Exporting features" + of, 0, static_cast<double>(dictionary.features()), "features"};
    for (int feature = 0; feature < dictionary.features(); ++feature, ++progress.done) {
        throwIfStopped(stop);
        throttle.report(progress);
        const auto found = examples.find(feature);
        if (found == examples.end()) {
            write(feature, nullptr);
            continue;
        }
        const OrderedJson document = featureDocument(dictionary, layer, feature, found->second.json(reader));
        write(feature, &document);
    }
    throttle.finish(progress);
}

std::string uint32Bytes(size_t value) {
    std::string bytes;
    for (int shift = 0; shift < 32; shift += 8)
        bytes += static_cast<char>(value >> shift & 255);
    return bytes;
}
} // namespace

int64_t cantor(int64_t layer, int64_t feature) {
    return (layer + feature) * (layer + feature + 1) / 2 + feature;
}

std::string featureJson(const Dictionary &dictionary, int layer, int feature, const std::stop_token &stop) {
    checkIndexed(dictionary);
    ExampleReader reader(dictionary, layer);
    const QuantileExamples examples(reader, dictionary, layer, feature);
    reader.run(stop);
    return writeJson(featureDocument(dictionary, layer, feature, examples.json(reader)));
}

int64_t exportFeatures(const Dictionary &dictionary, const fs::path &folder, const std::stop_token &stop,
                       const ProgressSink &progress) {
    checkIndexed(dictionary);
    makeFolder(folder);
    requireWritableFolder(folder);
    int64_t written = 0;
    for (int layer = 0; layer < dictionary.layers(); ++layer)
        forEachFeature(dictionary, layer, stop, progress, [&](int feature, const OrderedJson *document) {
            if (!document)
                return;
            writeFileAtomically(folder / (std::to_string(cantor(layer, feature)) + ".json"), writeJson(*document));
            ++written;
        });
    return written;
}

int64_t exportPackedFeatures(const Dictionary &dictionary, const fs::path &folder, const std::stop_token &stop,
                             const ProgressSink &progress) {
    checkIndexed(dictionary);
    makeFolder(folder);
    requireWritableFolder(folder);
    int64_t written = 0;
    OrderedJson index;
    for (int layer = 0; layer < dictionary.layers(); ++layer) {
        const std::string name = "layer_" + std::to_string(layer) + ".bin";
        AtomicFile file(folder / name);
        std::vector<size_t> offsets{0};
        forEachFeature(dictionary, layer, stop, progress, [&](int feature, const OrderedJson *document) {
            const std::string record =
                gzip((document ? *document : featureDocument(dictionary, layer, feature, OrderedJson::array())).dump());
            file.write(uint32Bytes(record.size()) + record);
            offsets.push_back(file.size());
            written += document ? 1 : 0;
        });
        file.commit();
        index[std::to_string(layer)] = {{"filename", name}, {"offsets", offsets}};
    }
    writeFileAtomically(folder / "index.json.gz", gzip(index.dump()));
    return written;
}

} // namespace tt
