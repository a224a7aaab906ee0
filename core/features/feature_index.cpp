#include "core/features/feature_index.h"

#include "core/features/fingerprint_impl.h"
#include "core/features/index_file_impl.h"
#include "core/io/safetensors.h"

#include <algorithm>
#include <charconv>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr int64_t hashedTokens = int64_t{1} << 24, hashBlock = int64_t{1} << 14;

const char *const howToRebuild = " The index is made anew with \"Index the corpus\" or features index.";

std::string fingerprintOf(const GptWeights<float> &gpt) {
    Fingerprint print;
    print.add(toJson(gpt.config));
    forEachTensor(gpt, [&](const std::string &, const std::vector<float> &values, const std::vector<int64_t> &) {
        print.addValues(std::span(values));
    });
    return print.hex();
}

std::string fingerprintOf(const TranscoderWeights<float> &transcoder) {
    Fingerprint print;
    print.add(toString(transcoder.config.kind) + toString(transcoder.config.activation) + transcoder.config.input);
    print.add(int64_t{transcoder.config.k});
    for (const TranscoderLayer<float> &layer : transcoder.layers)
        for (const auto *values :
             {&layer.encoder, &layer.encoderBias, &layer.decoder, &layer.decoderBias, &layer.threshold, &layer.skip})
            print.addValues(std::span<const float>(*values));
    return print.hex();
}

std::string fingerprintOf(const TokenCache &tokens) {
    Fingerprint print;
    print.add(tokens.size());
    const int64_t blocks = (tokens.size() + hashBlock - 1) / hashBlock;
    const int64_t hashed = std::min(blocks, hashedTokens / hashBlock);
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < hashed; ++i) {
        const int64_t from = i * blocks / hashed * hashBlock;
        ids.resize(static_cast<size_t>(std::min(hashBlock, tokens.size() - from)));
        tokens.read(from, ids);
        print.addValues(std::span<const int32_t>(ids));
    }
    return print.hex();
}

int64_t numberIn(const SafetensorsFile &file, const char *key) {
    const auto found = file.metadata().find(key);
    int64_t number = -1;
    if (found != file.metadata().end())
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
    return number;
}

std::string textIn(const SafetensorsFile &file, const char *key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? std::string() : found->second;
}

/// What an index is viewed in: the file, and what it keeps in a narrower type as wide as the views have it.
struct Held {
    std::shared_ptr<const SafetensorsFile> file;
    std::vector<int64_t> topOffset, quantileOffset;
    std::vector<uint32_t> histogram;
};

/// A tensor's values in place; throws Error where it is missing or of another type or size.
template <class T>
std::span<const T> valuesOf(const SafetensorsFile &file, const std::string &name, DType type, int64_t size = -1) {
    const TensorView *view = file.find(name);
    if (!view || view->dtype != type || (size >= 0 && view->data.size() != static_cast<size_t>(size) * sizeof(T)) ||
        reinterpret_cast<uintptr_t>(view->data.data()) % alignof(T) != 0)
        throw Error("it lacks \"" + name + "\"");
    return {reinterpret_cast<const T *>(view->data.data()), view->data.size() / sizeof(T)};
}

/// The same of a tensor that may be stored in a narrower type, and is widened into `store` then.
template <class Narrow, class Wide>
std::span<const Wide> widened(const SafetensorsFile &file, const std::string &name, DType narrow, DType wide,
                              int64_t size, std::vector<Wide> &store) {
    const TensorView *view = file.find(name);
    if (!view || view->dtype != narrow)
        return valuesOf<Wide>(file, name, wide, size);
    const auto values = valuesOf<Narrow>(file, name, narrow, size);
    store.assign(values.begin(), values.end());
    return store;
}
} // namespace

IndexIdentity identify(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                       const TokenCache &tokens, const std::string &corpus) {
    return {fingerprintOf(transcoder), fingerprintOf(gpt), fingerprintOf(tokens), corpus};
}

std::string contentOf(std::span<const TensorToWrite> tensors) {
    Fingerprint print;
    for (const TensorToWrite &tensor : tensors)
        if (!tensor.data.empty())
            print.add(tensor.data);
    return print.hex();
}

std::map<std::string, std::string> identityMetadata(const IndexIdentity &identity) {
    return {{"version", indexVersion},
            {"transcoder", identity.transcoder},
            {"gpt", identity.gpt},
            {"tokens", identity.tokens},
            {"corpus", identity.corpus}};
}

void checkIndexFile(const SafetensorsFile &file, const IndexIdentity &identity) {
    if (textIn(file, "version") != indexVersion)
        throw Error("another version of the program wrote it");
    std::vector<std::span<const std::byte>> contents; // as they lie in the file
    for (const TensorView &tensor : file.tensors())
        if (!tensor.data.empty())
            contents.push_back(tensor.data);
    std::sort(contents.begin(), contents.end(), [](auto a, auto b) { return a.data() < b.data(); });
    Fingerprint print;
    for (const auto content : contents)
        print.add(content);
    if (print.hex() != textIn(file, "content"))
        throw Error("its content is not what was written");
    if (textIn(file, "transcoder") != identity.transcoder)
        throw Error("the transcoder's weights have changed since");
    if (textIn(file, "gpt") != identity.gpt)
        throw Error("it was made with another GPT");
    if (textIn(file, "tokens") != identity.tokens)
        throw Error("it was made from another corpus or tokenizer");
}

FeatureIndex FeatureIndex::open(const fs::path &path, const IndexIdentity &identity) {
    if (!fs::exists(path))
        throw Error("There is no index of " + path.parent_path().filename().string() + "'s features yet." +
                    howToRebuild);
    try {
        const auto file = std::make_shared<const SafetensorsFile>(path);
        checkIndexFile(*file, identity);
        FeatureIndex index;
        index.view(file);
        return index;
    } catch (const Error &error) {
        throw Error("The index " + path.string() + " cannot be used: " + error.what() + "." + howToRebuild);
    }
}

std::optional<std::string> FeatureIndex::corpusOf(const fs::path &path) {
    try {
        const SafetensorsFile file(path);
        const std::string corpus = textIn(file, "corpus");
        return corpus.empty() ? std::nullopt : std::optional(corpus);
    } catch (const Error &) {
        return std::nullopt;
    }
}

void FeatureIndex::view(const std::shared_ptr<const SafetensorsFile> &opened) {
    const auto held = std::make_shared<Held>();
    held->file = opened;
    owner_ = held;
    const SafetensorsFile &file = *opened;
    tokens_ = numberIn(file, "token_count");
    windowLength_ = numberIn(file, "window");
    layers_ = static_cast<int>(numberIn(file, "layers"));
    features_ = static_cast<int>(numberIn(file, "features"));
    seconds_ = static_cast<double>(numberIn(file, "milliseconds")) / 1000;
    const int64_t n = int64_t{layers_} * features_, places = int64_t{quantiles} * examplesPerQuantile;
    if (tokens_ < 1 || windowLength_ < 1 || n < 1)
        throw Error("its header makes no sense");
    count_ = valuesOf<int64_t>(file, "count", DType::I64, n);
    topOffset_ = widened<int32_t>(file, "top_offset", DType::I32, DType::I64, n * topExamples, held->topOffset);
    quantileOffset_ =
        widened<int32_t>(file, "quantile_offset", DType::I32, DType::I64, n * places, held->quantileOffset);
    sum_ = valuesOf<double>(file, "sum", DType::F64, n);
    maximum_ = valuesOf<float>(file, "maximum", DType::F32, n);
    topActivation_ = valuesOf<float>(file, "top_activation", DType::F32, n * topExamples);
    quantileActivation_ = valuesOf<float>(file, "quantile_activation", DType::F32, n * places);
    quantileValues_ = valuesOf<float>(file, "quantile_values", DType::F32, n * (quantiles + 1));
    histogram_ = widened<uint16_t>(file, "histogram", DType::U16, DType::U32, n * histogramBins, held->histogram);
    sample_.windows = valuesOf<int64_t>(file, "sample_windows", DType::I64);
    for (int layer = 0; layer < layers_; ++layer) {
        const std::string number = std::to_string(layer);
        sample_.layers.push_back({valuesOf<int64_t>(file, "sample_rows_" + number, DType::I64),
                                  valuesOf<int32_t>(file, "sample_features_" + number, DType::I32),
                                  valuesOf<float>(file, "sample_activations_" + number, DType::F32)});
        if (layer == 0)
            continue;
        sample_.attention.push_back(valuesOf<float>(file, "attention_" + number, DType::F32));
        sample_.attended.push_back(valuesOf<uint16_t>(file, "attended_" + number, DType::U16));
    }
}

int64_t FeatureIndex::alive() const {
    return std::count_if(count_.begin(), count_.end(), [](int64_t count) { return count > 0; });
}

namespace {
std::vector<Example> examples(std::span<const int64_t> offsets, std::span<const float> activations) {
    std::vector<Example> examples;
    for (size_t i = 0; i < offsets.size() && offsets[i] >= 0; ++i)
        examples.push_back({offsets[i], activations[i]});
    return examples;
}
} // namespace

std::vector<Example> FeatureIndex::top(int layer, int feature) const {
    constexpr size_t size = topExamples;
    const size_t from = at(layer, feature) * size;
    return examples(topOffset_.subspan(from, size), topActivation_.subspan(from, size));
}

std::vector<Example> FeatureIndex::quantile(int layer, int feature, int quantile) const {
    constexpr size_t size = examplesPerQuantile;
    const size_t from = (at(layer, feature) * quantiles + static_cast<size_t>(quantile)) * size;
    return examples(quantileOffset_.subspan(from, size), quantileActivation_.subspan(from, size));
}

std::span<const float> FeatureIndex::quantileValues(int layer, int feature) const {
    return quantileValues_.subspan(at(layer, feature) * (quantiles + 1), quantiles + 1);
}

std::span<const uint32_t> FeatureIndex::histogram(int layer, int feature) const {
    return histogram_.subspan(at(layer, feature) * histogramBins, histogramBins);
}

} // namespace tt
