#pragma once

#include "core/io/workspace.h"
#include "core/progress.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tt {

/// Files of the Python program that are to become a GPT and a transcoder of the workspace.
struct OriginalImport {
    std::filesystem::path gpt;        ///< gpt_….pth; empty: the transcoder explains the workspace's `gptRun`
    std::filesystem::path transcoder; ///< transcoder.pth; empty: none
    std::string gptRun;               ///< empty: a free name, or without `gpt` the newest GPT that fits
    std::string transcoderName;       ///< empty: a free name
    int k = 16;                       ///< of the transcoder's TopK, which its file does not say
};

/// A request for files as a person picked them: looks into each for which of the two it is. Throws Error where one is
/// neither, or two are of one kind.
OriginalImport originalImportOf(const std::vector<std::filesystem::path> &files);

struct ImportedOriginal {
    std::string gpt, transcoder; ///< names in the workspace; transcoder "" where there was none
    std::vector<std::string> warnings;
};

/// Reads the files (original_files.h; nothing in them is executed), and only when all of them can be read and fit makes
/// gpt/<run>/ and transcoders/<name>/. The GPT gets GPT-2's tokenizer for its 50,257 tokens, else one of the workspace
/// with as many. Throws Error, and leaves the workspace as it was, where a file is something else, the two do not fit,
/// or a name is taken; Error(Cancelled) on a stop.
ImportedOriginal importOriginal(const Workspace &workspace, const OriginalImport &request, std::stop_token stop,
                                const ProgressSink &progress);

} // namespace tt
