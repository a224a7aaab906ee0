#pragma once

#include "core/io/folder_lock.h"
#include "core/train/training_point.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tt {

/// The folder of a training run. state.json names the files of its checkpoint and is written last, so that a kill at
/// any byte leaves the one before whole: files of a checkpoint carry its step in their names
/// ("optimizer-400.safetensors") or replace theirs atomically.
class RunFolder {
public:
    struct State {
        int64_t step = 0;
        double seconds = 0;
        bool finished = false;
        std::string training;           ///< JSON of the training's configuration
        std::vector<std::string> files; ///< names that belong together
        std::string importedFrom;       ///< the program whose weights these are; then `training` says nothing
    };

    explicit RunFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
    /// Held while the run is trained, renamed, deleted: by one process, and in it by one thing, at a time. Nothing
    /// where there is no such folder. Throws Error where another holds it, with its process, or nothing can be written.
    [[nodiscard]] std::unique_ptr<const FolderLock> lock() const;
    /// Makes the folder and writes config.json; the run's lock. Throws Error where a run is there already.
    [[nodiscard]] std::unique_ptr<const FolderLock> create(const std::string &what,
                                                           const std::string &configJson) const;
    [[nodiscard]] std::filesystem::path file(const std::string &name) const { return folder_ / name; }
    /// Throws Error where there is no checkpoint.
    [[nodiscard]] State read() const;
    /// Makes `state` the run's checkpoint and removes the files that only the one before named.
    void commit(const State &state) const;
    /// Removes what a kill left behind: half-written files and files of a checkpoint that never came to be.
    void tidy(const State &state) const;
    /// Makes `name` another name for the file `target`, atomically.
    void link(const std::string &target, const std::string &name) const;

    /// metrics.jsonl: points up to `step` stay (a resumed run writes the later ones anew).
    void truncateMetrics(int64_t step) const;
    void appendMetrics(const std::vector<TrainingPoint> &points) const;

private:
    std::filesystem::path folder_;
};

} // namespace tt
