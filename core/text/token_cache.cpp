#include "core/text/token_cache.h"

#include "core/error.h"
#include "core/io/file.h"
#include "core/text/token_cache_impl.h"

#include <algorithm>
#include <cstdlib>

namespace tt {

namespace fs = std::filesystem;

namespace {
/// Gone again with everything in it.
class TemporaryFolder {
public:
    explicit TemporaryFolder(const std::string &what) {
        std::error_code error;
        const fs::path parent = fs::temp_directory_path(error);
        std::string name = (parent / "tinytranscoder-XXXXXX").string();
        if (error || ::mkdtemp(name.data()) == nullptr)
            throw Error("The workspace cannot be written, and neither can the folder for temporary files, " +
                        parent.string() + ", in which " + what + " would be kept meanwhile.");
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code error; // what cannot be removed only takes room
        fs::remove_all(path_, error);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;
    [[nodiscard]] const fs::path &path() const { return path_; }

private:
    fs::path path_;
};

std::shared_ptr<const OpenTokens> buildInPlace(const TokenCacheSource &source, const std::stop_token &stop,
                                               const ProgressSink &progress) {
    buildTokens(source, stop, progress);
    return openTokens(source);
}

/// Of a workspace in which nothing is to be written: a temporary file, gone from its folder as soon as it is mapped.
std::shared_ptr<const OpenTokens> buildElsewhere(TokenCacheSource source, const std::stop_token &stop,
                                                 const ProgressSink &progress) {
    const TemporaryFolder folder("the tokens of " + source.corpus);
    source.cache = folder.path() / source.cache.filename();
    return buildInPlace(source, stop, progress);
}
} // namespace

TokenCache TokenCache::openOrBuild(const Workspace &workspace, const std::string &corpus, const std::string &tokenizer,
                                   std::stop_token stop, const ProgressSink &progress) {
    const TokenCacheSource source = describeTokenCache(workspace, corpus, tokenizer);
    std::shared_ptr<const OpenTokens> open = openTokens(source);
    if (!open)
        open = workspace.readOnly() || !whyUnwritable(source.cache.parent_path()).empty()
                   ? buildElsewhere(source, stop, progress)
                   : buildInPlace(source, stop, progress);
    if (!open)
        throw Error("The corpus " + corpus + " changed while it was being tokenised. Start again.");
    TokenCache cache;
    cache.narrow_ = open->narrow;
    cache.wide_ = open->wide;
    cache.size_ = open->size;
    cache.trainTokens_ = open->trainTokens;
    cache.heldOutBytes_ = open->heldOutBytes;
    cache.vocabSize_ = open->vocabSize;
    cache.owner_ = std::move(open);
    return cache;
}

TokenCache TokenCache::fromTokens(std::vector<int32_t> tokens, int64_t trainTokens, int64_t heldOutBytes,
                                  int vocabSize) {
    const auto size = static_cast<int64_t>(tokens.size());
    if (trainTokens < 0 || trainTokens > size)
        throw Error("Of " + std::to_string(size) + " tokens, " + std::to_string(trainTokens) + " cannot be trained on.",
                    Error::Kind::Usage);
    const auto owned = std::make_shared<const std::vector<uint32_t>>(tokens.begin(), tokens.end());
    TokenCache cache;
    cache.owner_ = owned;
    cache.wide_ = owned->data();
    cache.size_ = size;
    cache.trainTokens_ = trainTokens;
    cache.heldOutBytes_ = heldOutBytes;
    cache.vocabSize_ = vocabSize;
    return cache;
}

void TokenCache::read(int64_t begin, std::span<int32_t> out) const {
    const auto count = static_cast<int64_t>(out.size());
    if (begin < 0 || begin > size_ || count > size_ - begin)
        throw Error(std::to_string(count) + " tokens from token " + std::to_string(begin) + " on were asked of " +
                        std::to_string(size_) + ".",
                    Error::Kind::Usage);
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; ++i) {
        const uint32_t id = narrow_ != nullptr ? narrow_[begin + i] : wide_[begin + i];
        largest = std::max(largest, id);
        out[static_cast<size_t>(i)] = static_cast<int32_t>(id);
    }
    if (count > 0 && largest >= static_cast<uint32_t>(vocabSize_))
        throw Error("The token cache holds token " + std::to_string(largest) + ", but the vocabulary has only " +
                    std::to_string(vocabSize_) + ". Delete the workspace's folder corpus/tokens; it is made anew.");
}

} // namespace tt
