#pragma once

#include "core/io/workspace.h"

#include <filesystem>
#include <string>

namespace tt {

/// The folders of a workspace's training runs: renamed, put aside and brought back; Error where the run is being
/// trained, in whichever process.
enum class RunKind { Gpt, Transcoder };
std::filesystem::path runFolder(const Workspace &workspace, RunKind kind, const std::string &name);

/// Throws Error(Usage) where the new name cannot be one or is taken, and where transcoders name the GPT: they find it
/// by its name.
void renameRun(const Workspace &workspace, RunKind kind, const std::string &from, const std::string &to);

/// A run in the workspace's trash folder.
struct TrashedRun {
    RunKind kind = RunKind::Gpt;
    std::string name;
    std::filesystem::path folder;
};
/// Moves a run to the trash. Throws Error(Usage) where transcoders name the GPT.
TrashedRun trashRun(const Workspace &workspace, RunKind kind, const std::string &name);
/// Moves it back; throws Error where there is another run of that name by now.
void restoreRun(const Workspace &workspace, const TrashedRun &run);
/// Deletes what is in the trash for good.
void emptyRunTrash(const Workspace &workspace);

/// Throws Error(Usage) for a run whose weights are of another program (`importedFrom` of its state, "" = trained here):
/// there is no training to go on with.
void refuseImported(const std::string &run, const std::string &importedFrom);

/// Changes the learning rate that a stopped or failed run goes on with, and returns the new one.
double scaleLearningRate(const Workspace &workspace, RunKind kind, const std::string &name, double factor);

} // namespace tt
