#include "core/features/feature_index_build.h"

#include "core/features/feature_tallies_impl.h"
#include "core/features/index_file_impl.h"
#include "core/features/index_tensors_impl.h"
#include "core/features/token_sample_impl.h"
#include "core/nn/gemm.h"
#include "core/nn/gpt_forward.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tt {

namespace fs = std::filesystem;

namespace {
constexpr int64_t blockTokens = 2'048;           // a forward pass
constexpr double secondsBetweenCheckpoints = 60; // of a pass

constexpr int64_t productValues = int64_t{1} << 20; // of a product that is only timed, as encode() has them

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

fs::path checkpointOf(const fs::path &file) {
    return fs::path(file).concat(".partial");
}

/// Windows one after the other; the last is what remains of the tokens.
struct Windows {
    int64_t tokens, length;
    [[nodiscard]] int64_t full() const { return tokens / length; }
    [[nodiscard]] int64_t all() const { return (tokens + length - 1) / length; }
    [[nodiscard]] int64_t atOnce() const { return std::max<int64_t>(1, blockTokens / length); }
    /// How many windows the block that begins with `first` has: full ones, or the last alone.
    [[nodiscard]] int64_t blockFrom(int64_t first) const {
        return first < full() ? std::min(atOnce(), full() - first) : 1;
    }
};

void forwardWindows(const GptWeights<float> &gpt, const TokenCache &tokens, const Windows &windows, int64_t first,
                    int64_t count, GptActivations<float> &activations) {
    std::vector<int32_t> ids(
        static_cast<size_t>(std::min(count * windows.length, windows.tokens - first * windows.length)));
    tokens.read(first * windows.length, ids);
    forward<float>(gpt, ids, static_cast<int>(count), activations, gpt.config.layers);
}

/// Keeps a tensor of Wide values as Narrow ones where all of them fit.
template <class Narrow, class Wide>
void narrow(TensorToWrite &tensor, DType type, std::vector<Narrow> &store) {
    const std::span values(reinterpret_cast<const Wide *>(tensor.data.data()), tensor.data.size() / sizeof(Wide));
    if (!std::all_of(values.begin(), values.end(), [](Wide value) { return std::in_range<Narrow>(value); }))
        return;
    store.assign(values.begin(), values.end());
    tensor.dtype = type;
    tensor.data = std::as_bytes(std::span(store));
}

class IndexPass {
public:
    IndexPass(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder, const TokenCache &tokens,
              IndexIdentity identity, fs::path file, int64_t sampledTokens)
        : gpt_(gpt), transcoder_(transcoder), tokens_(tokens), identity_(std::move(identity)),
          file_(std::move(file)), windows_{tokens.size(), gpt.config.context},
          tallies_(transcoder.config.layers, transcoder.config.features), sampledTokens_(sampledTokens),
          sample_(gpt.config, transcoder.config.layers, windows_.full(), sampledTokens_),
          active_(static_cast<size_t>(transcoder.config.layers)) {}

    /// Goes on from an interrupted pass over the same; one of something else, or damaged, is left aside.
    bool resume();
    IndexBuilt run(const std::stop_token &stop, const ProgressSink &progress);

private:
    void addBlock(int64_t count);
    void saveCheckpoint() const;
    void write();

    const GptWeights<float> &gpt_;
    const TranscoderWeights<float> &transcoder_;
    const TokenCache &tokens_;
    IndexIdentity identity_;
    fs::path file_;
    Windows windows_;
    FeatureTallies tallies_;
    int64_t sampledTokens_;
    TokenSample sample_;
    GptActivations<float> activations_;
    std::vector<SparseActivations<float>> active_;
    int64_t next_ = 0; ///< window
    double seconds_ = 0;
};

bool IndexPass::resume() {
    const fs::path path = checkpointOf(file_);
    if (!fs::exists(path))
        return false;
    try {
        const SafetensorsFile file(path);
        checkIndexFile(file, identity_);
        std::vector<int64_t> progress;
        readTensor(file, "progress", progress, 2);
        FeatureTallies tallies(transcoder_.config.layers, transcoder_.config.features);
        tallies.load(file);
        sample_.load(file);
        tallies_ = std::move(tallies);
        next_ = progress[0];
        seconds_ = static_cast<double>(progress[1]) / 1000;
        return true;
    } catch (const Error &) {
        sample_ = TokenSample(gpt_.config, transcoder_.config.layers, windows_.full(), sampledTokens_);
        return false;
    }
}

void IndexPass::addBlock(int64_t count) {
    forwardWindows(gpt_, tokens_, windows_, next_, count, activations_);
    for (int layer = 0; layer < transcoder_.config.layers; ++layer) {
        const auto l = static_cast<size_t>(layer);
        active_[l] = encode<float>(transcoder_, layer, activations_.blocks[l].ln2);
        tallies_.add(layer, active_[l], next_ * windows_.length);
    }
    sample_.add(next_, activations_, active_);
    next_ += count;
}

void IndexPass::saveCheckpoint() const {
    const std::vector<int64_t> progress{next_, static_cast<int64_t>(seconds_ * 1000)};
    std::vector<TensorToWrite> tensors = tallies_.state();
    for (TensorToWrite &tensor : sample_.tensors())
        tensors.push_back(std::move(tensor));
    tensors.push_back(tensorOf("progress", DType::I64, {2}, progress));
    auto metadata = identityMetadata(identity_);
    metadata["content"] = contentOf(tensors);
    writeSafetensors(checkpointOf(file_), tensors, metadata);
}

void IndexPass::write() {
    tallies_.finish();
    std::vector<TensorToWrite> tensors = tallies_.results();
    std::vector<int32_t> topOffsets, quantileOffsets;
    std::vector<uint16_t> histogram;
    for (TensorToWrite &tensor : tensors) {
        if (tensor.name == "top_offset")
            narrow<int32_t, int64_t>(tensor, DType::I32, topOffsets);
        else if (tensor.name == "quantile_offset")
            narrow<int32_t, int64_t>(tensor, DType::I32, quantileOffsets);
        else if (tensor.name == "histogram")
            narrow<uint16_t, uint32_t>(tensor, DType::U16, histogram);
    }
    for (TensorToWrite &tensor : sample_.tensors())
        tensors.push_back(std::move(tensor));
    std::stable_sort(tensors.begin(), tensors.end(), [](const auto &a, const auto &b) { // so that all are aligned
        return dtypeSize(a.dtype) > dtypeSize(b.dtype);
    });
    auto metadata = identityMetadata(identity_);
    metadata["content"] = contentOf(tensors);
    metadata["token_count"] = std::to_string(windows_.tokens);
    metadata["window"] = std::to_string(windows_.length);
    metadata["layers"] = std::to_string(transcoder_.config.layers);
    metadata["features"] = std::to_string(transcoder_.config.features);
    metadata["milliseconds"] = std::to_string(static_cast<int64_t>(seconds_ * 1000));
    writeSafetensors(file_, tensors, metadata);
    fs::remove(checkpointOf(file_));
}

IndexBuilt IndexPass::run(const std::stop_token &stop, const ProgressSink &sink) {
    ProgressThrottle throttle(sink);
    const auto progress = [&] {
        return Progress{"Indexing " + identity_.corpus,
                        static_cast<double>(std::min(next_ * windows_.length, windows_.tokens)),
                        static_cast<double>(windows_.tokens), "tokens"};
    };
    double saved = seconds(), lap = saved;
    while (next_ < windows_.all()) {
        addBlock(windows_.blockFrom(next_));
        const double now = seconds();
        seconds_ += now - lap;
        lap = now;
        throttle.report(progress());
        if (stop.stop_requested() || now - saved > secondsBetweenCheckpoints) {
            saveCheckpoint();
            throwIfStopped(stop);
            saved = lap = seconds();
        }
    }
    write();
    throttle.finish(progress());
    return {.tokens = windows_.tokens, .alive = tallies_.alive(), .seconds = seconds_};
}
} // namespace

IndexBuilt buildFeatureIndex(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                             const TokenCache &tokens, const IndexIdentity &identity, const fs::path &file,
                             std::stop_token stop, const ProgressSink &progress, int64_t sampledTokens) {
    if (tokens.size() < 1)
        throw Error("The corpus " + identity.corpus + " has no token to index. Import or generate stories first.");
    requireWritableFolder(file.parent_path());
    IndexPass pass(gpt, transcoder, tokens, identity, file, sampledTokens);
    const bool resumed = pass.resume();
    IndexBuilt built = pass.run(stop, progress);
    built.resumed = resumed;
    return built;
}

double indexProductsRate(const GptWeights<float> &gpt, const TranscoderWeights<float> &transcoder,
                         const TokenCache &tokens, int64_t wanted, std::stop_token stop) {
    const Windows windows{tokens.size(), gpt.config.context};
    const int64_t d = gpt.config.dModel, features = transcoder.config.features;
    const int64_t blocks = std::clamp<int64_t>(wanted / (windows.atOnce() * windows.length), 1,
                                               std::max<int64_t>(1, windows.full() / windows.atOnce()));
    const int64_t encodeRows = std::max<int64_t>(1, productValues / features);
    std::vector<float> products(static_cast<size_t>(encodeRows * features));
    GptActivations<float> activations;
    int64_t done = 0;
    double start = 0;
    for (int64_t block = -1; block < blocks; ++block) { // the first, a warm-up, is not counted
        throwIfStopped(stop);
        if (block == 0)
            start = seconds();
        const int64_t first = std::max<int64_t>(0, block) * windows.atOnce();
        forwardWindows(gpt, tokens, windows, first, windows.blockFrom(first), activations);
        for (size_t layer = 0; layer < transcoder.layers.size(); ++layer)
            for (int64_t row = 0; row < activations.rows(); row += encodeRows)
                linear<float>(activations.blocks[layer].ln2.data() + row * d, transcoder.layers[layer].encoder.data(),
                              products.data(), std::min(encodeRows, activations.rows() - row), d, features);
        if (block >= 0)
            done += activations.rows();
    }
    return static_cast<double>(done) / (seconds() - start);
}

} // namespace tt
