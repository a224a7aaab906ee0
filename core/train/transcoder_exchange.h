#pragma once

#include "core/io/workspace.h"
#include "core/nn/foreign_transcoder.h"
#include "core/progress.h"

#include <optional>

namespace tt {

/// What a change of the activation function costs, on held-out tokens; means over the layers.
struct Conversion {
    struct Figures {
        double fvu = 0, l0 = 0;
        bool operator==(const Figures &) const = default;
    };
    std::string what;                     ///< a sentence, e.g. "SAELens has no TopK: …"
    std::optional<Figures> before, after; ///< nothing where the workspace has no stories to measure on
};
std::string describe(const Conversion &conversion); ///< the sentence with its figures

struct ExportedTranscoder {
    std::vector<std::filesystem::path> files;
    std::optional<Conversion> conversion; ///< nothing: reading the files gives the same transcoder, bit for bit
};

/// Writes a transcoder of the workspace for another program (foreign_transcoder.h) into a new or empty folder. Where
/// that program lacks the activation function it becomes JumpReLU, with thresholds calibrated on the workspace's
/// stories. Throws Error, one sentence, where it lacks the kind, a calibration has no stories, or the folder is taken;
/// Error(Cancelled) on a stop. Nothing half is left.
ExportedTranscoder exportTranscoder(const Workspace &workspace, const std::string &name, TranscoderFormat format,
                                    const std::filesystem::path &folder, std::stop_token stop,
                                    const ProgressSink &progress);

struct TranscoderImport {
    std::filesystem::path folder;
    std::string name;   ///< empty: the folder's, or a free one like it
    std::string gptRun; ///< the GPT it explains; empty: the one it was made for, else the newest that fits
};
struct ImportedTranscoder {
    std::string name, gptRun;
    TranscoderFormat format = TranscoderFormat::Own;
    std::optional<Conversion> conversion;
    std::optional<Conversion::Figures> figures; ///< as imported, where there are stories to measure on
    std::vector<std::string> warnings;
};

/// Makes transcoders/<name>/ of another program's folder. Throws Error, one sentence, and leaves the workspace as it
/// was, where it is no transcoder for one of the workspace's GPTs; Error(Cancelled) on a stop.
ImportedTranscoder importTranscoder(const Workspace &workspace, const TranscoderImport &request, std::stop_token stop,
                                    const ProgressSink &progress);

} // namespace tt
