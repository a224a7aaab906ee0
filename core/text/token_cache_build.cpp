#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/text/corpus.h"
#include "core/text/story_batch.h"
#include "core/text/token_cache_impl.h"
#include "core/text/tokenizer.h"

#include <algorithm>

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr size_t headerBytes = 4096; ///< reserved at the file's beginning, the JSON is padded with spaces
constexpr int64_t heldOutOneIn = 50;

/// The stories held out from training: 2 %, at least one, but never the only one.
int64_t heldOutStories(int64_t stories) {
    return stories < 2 ? 0 : std::max<int64_t>(1, stories / heldOutOneIn);
}

int64_t countStories(const fs::path &text, const std::stop_token &stop) {
    int64_t stories = 0;
    forEachStory(text, [&](std::string_view) {
        throwIfStopped(stop);
        ++stories;
        return true;
    });
    return stories;
}

/// A safetensors file with the one tensor "tokens", written as the tokens come.
class TokenFile {
public:
    TokenFile(const fs::path &path, bool narrow) : file_(path), narrow_(narrow) {
        file_.write(std::string(headerBytes, ' '));
    }

    void append(std::span<const int32_t> ids) {
        count_ += static_cast<int64_t>(ids.size());
        bytes_.resize(ids.size() * width());
        for (size_t i = 0; i < ids.size(); ++i) {
            const auto id = static_cast<uint32_t>(ids[i]);
            for (size_t byte = 0; byte < width(); ++byte) // little-endian, as safetensors says
                bytes_[i * width() + byte] = static_cast<char>(id >> (8 * byte));
        }
        file_.write(bytes_);
    }

    void commit(const std::map<std::string, std::string> &metadata) {
        const int64_t bytes = count_ * static_cast<int64_t>(width());
        const Json header = {
            {"__metadata__", metadata},
            {"tokens", {{"dtype", narrow_ ? "U16" : "U32"}, {"shape", {count_}}, {"data_offsets", {0, bytes}}}}};
        std::string text(sizeof(uint64_t), '\0');
        for (size_t byte = 0; byte < text.size(); ++byte)
            text[byte] = static_cast<char>((headerBytes - text.size()) >> (8 * byte));
        text += header.dump();
        if (text.size() > headerBytes)
            throw Error("The names of corpus and tokenizer are too long for a token cache.");
        file_.writeAt(0, text);
        file_.commit();
    }

    [[nodiscard]] int64_t count() const { return count_; }

private:
    [[nodiscard]] size_t width() const { return narrow_ ? sizeof(uint16_t) : sizeof(uint32_t); }

    AtomicFile file_;
    bool narrow_;
    int64_t count_ = 0;
    std::string bytes_;
};

/// One pass over the corpus into the file: first the stories to train on, then those held out.
class CacheBuilder {
public:
    CacheBuilder(const TokenCacheSource &source, const Tokenizer &tokenizer, int64_t stories, std::stop_token stop,
                 const ProgressSink &progress)
        : file_(source.cache, tokenizer.vocabSize() <= 65536),
          batch_(tokenizer, [this](std::span<const int32_t> ids) { file_.append(ids); }),
          trainStories_(stories - heldOutStories(stories)), stop_(std::move(stop)),
          throttle_(progress), progress_{"Tokenising " + source.corpus, 0, static_cast<double>(stories), "stories"} {}

    void add(std::string_view story) {
        if (story_ == trainStories_)
            finishTraining();
        if (story_ >= trainStories_)
            heldOutBytes_ += static_cast<int64_t>(story.size());
        batch_.add(story);
        ++story_;
        if (batch_.full())
            flush();
    }

    void commit(std::map<std::string, std::string> metadata, int vocabSize) {
        flush();
        if (story_ <= trainStories_)
            finishTraining();
        metadata["stories"] = std::to_string(story_);
        metadata["train_tokens"] = std::to_string(trainTokens_);
        metadata["held_out_bytes"] = std::to_string(heldOutBytes_);
        metadata["vocab_size"] = std::to_string(vocabSize);
        file_.commit(metadata);
        throttle_.finish(progress_);
    }

private:
    void finishTraining() {
        flush();
        trainTokens_ = file_.count();
    }

    void flush() {
        throwIfStopped(stop_);
        batch_.flush();
        progress_.done = static_cast<double>(story_);
        throttle_.report(progress_);
    }

    TokenFile file_;
    StoryBatch batch_;
    int64_t trainStories_, story_ = 0, trainTokens_ = 0, heldOutBytes_ = 0;
    std::stop_token stop_;
    ProgressThrottle throttle_;
    Progress progress_;
};

} // namespace

void buildTokens(const TokenCacheSource &source, const std::stop_token &stop, const ProgressSink &progress) {
    const Tokenizer tokenizer = Tokenizer::load(source.tokenizerFolder);
    const int64_t stories = countStories(source.text, stop);
    if (stories == 0)
        throw Error("The corpus " + source.corpus + " has no story in it. Import or generate another one.");
    makeFolder(source.cache.parent_path());
    CacheBuilder builder(source, tokenizer, stories, stop, progress);
    forEachStory(source.text, [&](std::string_view story) {
        builder.add(story);
        return true;
    });
    builder.commit(source.identity, tokenizer.vocabSize());
}

} // namespace tt
