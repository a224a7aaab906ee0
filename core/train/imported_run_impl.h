#pragma once

#include "core/io/new_folder.h"
#include "core/nn/gpt_weights.h"
#include "core/nn/transcoder.h"
#include "core/progress.h"
#include "core/text/token_cache.h"
#include "core/train/run_folder_impl.h"

#include <optional>

namespace tt {

/// Throws Error(Usage) where the folder's name cannot be a run's, or is taken.
void requireFreeRun(const std::filesystem::path &folder, const std::string &what);

/// A run's folder while weights from elsewhere are written into it: gone again unless commit() is reached.
class ImportedRun {
public:
    /// Throws Error(Usage) where there is a run of that name.
    ImportedRun(const std::filesystem::path &folder, const std::string &what, const std::string &configJson);
    [[nodiscard]] const RunFolder &folder() const { return folder_; }
    /// Makes it a run of the workspace; `program` is whose weights it has.
    void commit(const std::string &program);

private:
    NewFolder made_;
    RunFolder folder_;
    std::unique_ptr<const FolderLock> lock_;
};

/// A name like `base` that no folder of `runs` (gpt/ or transcoders/) has, half-written ones included.
std::string freeRunName(const std::filesystem::path &runs, const std::string &base);

/// Stories to measure a GPT's transcoder on, of `corpus` if it is there, else of the newest; nothing where the
/// workspace has none, or no tokenizer that fits.
std::optional<TokenCache> storiesFor(const Workspace &workspace, const std::string &corpus, const GptConfig &gpt,
                                     const std::stop_token &stop, const ProgressSink &progress);

/// Throws Error unless layers and width are the GPT's.
void requireFits(const TranscoderConfig &transcoder, const std::string &what, const GptConfig &gpt,
                 const std::string &gptRun);

/// The newest GPT with the transcoder's layers and width; throws Error where there is none.
std::string newestThatFits(const Workspace &workspace, const TranscoderConfig &transcoder);

/// transcoders/<name>/ with the features' statistics, zeros without stories. weights.config names the GPT.
void writeImportedTranscoder(const Workspace &workspace, const std::string &name,
                             const TranscoderWeights<float> &weights, const GptWeights<float> &gpt,
                             const std::optional<TokenCache> &stories, const std::string &program);

} // namespace tt
