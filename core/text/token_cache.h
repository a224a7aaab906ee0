#pragma once

#include "core/io/file.h"
#include "core/io/workspace.h"
#include "core/progress.h"
#include "core/text/tokenizer.h"

#include <cstdint>
#include <vector>

namespace tt {

/// A corpus as token ids, memory-mapped (uint16 or uint32): every story's tokens, then end-of-text.
/// File: a safetensors file with one tensor "tokens" [n] (U16 or U32); its metadata names corpus and tokenizer, the
/// corpus file's size and modification time and the tokenizer's sha256 (a cache that differs in one of them, or is
/// damaged, is made anew), the bytes held out and the boundary. The last 2 % of the stories are held out: at least one,
/// none of a corpus with a single story. Tokens [0, trainTokens) are trained on, the rest measures. Handle, copies
/// share the mapping.
class TokenCache {
public:
    /// Opens the cache of (corpus, tokenizer), building it first (on all threads, whose number changes nothing) where
    /// it is missing or made from something else. Where nothing can or may be written in the workspace, it is kept in a
    /// temporary file. Throws Error where corpus or tokenizer is missing or has no story.
    static TokenCache openOrBuild(const Workspace &workspace, const std::string &corpus, const std::string &tokenizer,
                                  std::stop_token stop, const ProgressSink &progress);
    /// Token ids in memory, e.g. of a file outside the workspace or for tests. Everything up to trainTokens is trained
    /// on.
    static TokenCache fromTokens(std::vector<int32_t> tokens, int64_t trainTokens, int64_t heldOutBytes, int vocabSize);

    [[nodiscard]] int64_t size() const { return size_; }
    [[nodiscard]] int64_t trainTokens() const { return trainTokens_; }
    [[nodiscard]] int64_t heldOutTokens() const { return size_ - trainTokens_; }
    /// Bytes of text that the held-out tokens stand for (end-of-text counts none), for bits per byte.
    [[nodiscard]] int64_t heldOutBytes() const { return heldOutBytes_; }
    [[nodiscard]] int vocabSize() const { return vocabSize_; }
    /// Copies ids [begin, begin + out.size()) to `out`. 0 ≤ begin, begin + out.size() ≤ size(). Throws Error for other
    /// ranges and where the file holds an id outside the vocabulary.
    void read(int64_t begin, std::span<int32_t> out) const;

private:
    TokenCache() = default;
    std::shared_ptr<const void> owner_;
    const uint16_t *narrow_ = nullptr; ///< one of the two
    const uint32_t *wide_ = nullptr;
    int64_t size_ = 0, trainTokens_ = 0, heldOutBytes_ = 0;
    int vocabSize_ = 0;
};

} // namespace tt
