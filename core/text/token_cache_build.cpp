#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/text/corpus.h"
#include "core/text/token_cache_impl.h"
#include "core/text/tokenizer.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <exception>

namespace tt {

namespace fs = std::filesystem;

namespace {

constexpr size_t groupBytes = size_t{256} << 10U; ///< what one thread encodes at a time
constexpr size_t headerBytes = 4096;              ///< reserved at the file's beginning, the JSON is padded with spaces
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

/// Encodes groups of stories, several at a time, and writes them in order.
class Batch {
public:
    Batch(const Tokenizer &tokenizer, TokenFile &file) : tokenizer_(tokenizer), file_(file) {}

    void add(std::string_view story) {
        if (groups_.empty() || groups_.back().size() >= groupBytes)
            groups_.emplace_back();
        groups_.back().append(story).append(endOfTextMark);
        bytes_ += story.size();
    }

    [[nodiscard]] bool full() const {
        return bytes_ >= groupBytes * static_cast<size_t>(omp_get_max_threads()) || groups_.size() > 64;
    }

    void flush() {
        std::vector<std::vector<int32_t>> ids(groups_.size());
        std::exception_ptr failure; // an exception must not leave the parallel region
#pragma omp parallel for schedule(dynamic)
        for (size_t i = 0; i < groups_.size(); ++i) {
            try {
                ids[i] = tokenizer_.encode(groups_[i]);
            } catch (...) {
#pragma omp critical
                failure = std::current_exception();
            }
        }
        if (failure)
            std::rethrow_exception(failure);
        for (const auto &group : ids)
            file_.append(group);
        groups_.clear();
        bytes_ = 0;
    }

private:
    const Tokenizer &tokenizer_;
    TokenFile &file_;
    std::vector<std::string> groups_;
    size_t bytes_ = 0;
};

void makeFolder(const fs::path &folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        throw Error("The folder " + folder.string() + " cannot be made: " + error.message() + ".");
}

} // namespace

void buildTokens(const TokenCacheSource &source, const std::stop_token &stop, const ProgressSink &progress) {
    const Tokenizer tokenizer = Tokenizer::load(source.tokenizerFolder);
    const int64_t stories = countStories(source.text, stop);
    if (stories == 0)
        throw Error("The corpus " + source.corpus + " has no story in it. Import or generate another one.");
    makeFolder(source.cache.parent_path());
    TokenFile file(source.cache, tokenizer.vocabSize() <= 65536);
    Batch batch(tokenizer, file);
    const int64_t trainStories = stories - heldOutStories(stories);
    int64_t story = 0, trainTokens = 0, heldOutBytes = 0;
    ProgressThrottle throttle(progress);
    Progress now{"Tokenising " + source.corpus, 0, static_cast<double>(stories), "stories"};
    const auto flush = [&] {
        throwIfStopped(stop);
        batch.flush();
        now.done = static_cast<double>(story);
        throttle.report(now);
    };
    forEachStory(source.text, [&](std::string_view text) {
        if (story == trainStories) {
            flush();
            trainTokens = file.count();
        }
        heldOutBytes += story >= trainStories ? static_cast<int64_t>(text.size()) : 0;
        batch.add(text);
        ++story;
        if (batch.full())
            flush();
        return true;
    });
    flush();
    auto metadata = source.identity;
    metadata["stories"] = std::to_string(story);
    metadata["train_tokens"] = std::to_string(story > trainStories ? trainTokens : file.count());
    metadata["held_out_bytes"] = std::to_string(heldOutBytes);
    metadata["vocab_size"] = std::to_string(tokenizer.vocabSize());
    file.commit(metadata);
    throttle.finish(now);
}

} // namespace tt
