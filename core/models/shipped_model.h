#pragma once

#include "core/progress.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace tt {

/// A file of a model that ships, its path relative to the model's folder.
struct ShippedFile {
    std::string path;
    int64_t bytes = 0;
    std::string sha256;
    bool operator==(const ShippedFile &) const = default;
};

/// A trained model with all that was made for it: a workspace to be copied. Its manifest.json lists the files in the
/// order in which they are written, each a little newer than the one before (lists of a workspace show the newest
/// first); workspace.json is the last, so that a copy that was cut short is none yet.
struct ShippedModel {
    std::filesystem::path folder;
    std::string name, card; ///< the card's path in the folder
    std::vector<ShippedFile> files;
};

/// The model that ships with this program; nothing where the program was copied out of its tree.
std::optional<std::filesystem::path> shippedModelFolder();
/// Reads manifest.json; throws Error in plain words where it is missing or damaged.
ShippedModel readShippedModel(const std::filesystem::path &folder);
/// Writes manifest.json for the files of a folder, in this order; the card is listed apart.
void writeManifest(const std::filesystem::path &folder, const std::string &name, const std::string &card,
                   const std::vector<std::string> &paths);

/// Throws Error that names the first file that is missing or not what was shipped.
void checkShippedModel(const ShippedModel &model, std::stop_token stop);

/// The model that a workspace is a copy of, as its workspace.json says; empty where it is none.
std::string demonstrationIn(const std::filesystem::path &workspace);
bool isCopyOf(const ShippedModel &model, const std::filesystem::path &target);

/// Makes `target` a whole copy of the model and returns how many files had to be written.
/// * Where there is no workspace yet, or only part of one, every file that is missing or differs.
/// * In a copy that was complete, only weights and tokenizers that are no longer whole, in folders that are still
///   there: what a person changed or deleted stays so.
/// Every file appears whole or not at all, workspace.json last: what a kill leaves is finished by the next call.
/// Throws Error where a shipped file is missing or damaged (what was copied before it stays, and is no workspace), or
/// where `target` is another workspace.
int64_t installShippedModel(const ShippedModel &model, const std::filesystem::path &target, std::stop_token stop,
                            const ProgressSink &progress);

} // namespace tt
