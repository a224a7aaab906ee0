#include "core/train/run_files.h"

#include "core/error.h"
#include "core/io/file.h"
#include "core/train/gpt_training.h"
#include "core/train/run_folder_impl.h"
#include "core/train/transcoder_training.h"

namespace tt {

namespace fs = std::filesystem;

namespace {

std::string kindName(RunKind kind) {
    return kind == RunKind::Gpt ? "GPT" : "transcoder";
}

fs::path trash(const Workspace &workspace) {
    return workspace.trash() / "runs";
}

/// "plt-k16 and plt-k32": the transcoders that find the GPT by its name.
std::string namedBy(const Workspace &workspace, const std::string &gpt) {
    std::vector<std::string> names;
    for (const std::string &name : workspace.transcoders())
        if (transcoderConfigFromJson(readFile(workspace.transcoder(name) / "config.json")).gptRun == gpt)
            names.push_back(name);
    std::string text;
    for (size_t i = 0; i < names.size(); ++i)
        text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " and ") + names[i];
    return text;
}

void refuseIfNamed(const Workspace &workspace, RunKind kind, const std::string &name, const std::string &what) {
    if (kind != RunKind::Gpt)
        return;
    if (const std::string names = namedBy(workspace, name); !names.empty())
        throw Error(name + " cannot be " + what + " while it is explained by " + names +
                        ", which would not find it again. Delete what explains it first.",
                    Error::Kind::Usage);
}

void move(const fs::path &from, const fs::path &to) {
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (!error)
        fs::rename(from, to, error);
    if (error)
        throw Error("The folder " + from.string() + " cannot be moved to " + to.string() + ": " + error.message() +
                    ".");
}

template <class Config>
std::string scaled(const std::string &json, Config (*read)(const std::string &), double factor, double &rate) {
    Config config = read(json);
    rate = config.learningRate *= factor;
    return toJson(config);
}

} // namespace

fs::path runFolder(const Workspace &workspace, RunKind kind, const std::string &name) {
    return kind == RunKind::Gpt ? workspace.gpt(name) : workspace.transcoder(name);
}

void renameRun(const Workspace &workspace, RunKind kind, const std::string &from, const std::string &to) {
    if (from == to)
        return;
    workspace.requireWritable();
    checkName(to, kindName(kind));
    if (fs::exists(runFolder(workspace, kind, to)))
        throw Error("There is a " + kindName(kind) + " named " + to + " already. Choose another name.",
                    Error::Kind::Usage);
    refuseIfNamed(workspace, kind, from, "renamed");
    const auto lock = RunFolder(runFolder(workspace, kind, from)).lock();
    move(runFolder(workspace, kind, from), runFolder(workspace, kind, to));
}

TrashedRun trashRun(const Workspace &workspace, RunKind kind, const std::string &name) {
    workspace.requireWritable();
    refuseIfNamed(workspace, kind, name, "deleted");
    const auto lock = RunFolder(runFolder(workspace, kind, name)).lock();
    int number = 1;
    const auto place = [&] { return trash(workspace) / std::to_string(number) / name; };
    while (fs::exists(place().parent_path()))
        ++number;
    move(runFolder(workspace, kind, name), place());
    return {kind, name, place()};
}

void restoreRun(const Workspace &workspace, const TrashedRun &run) {
    workspace.requireWritable();
    const fs::path to = runFolder(workspace, run.kind, run.name);
    if (fs::exists(to))
        throw Error("There is a " + kindName(run.kind) + " named " + run.name + " by now. Rename it, then undo again.",
                    Error::Kind::Usage);
    move(run.folder, to);
    std::error_code error; // an empty folder only takes a name
    fs::remove(run.folder.parent_path(), error);
}

void emptyRunTrash(const Workspace &workspace) {
    workspace.requireWritable();
    std::error_code error; // what cannot be removed only takes room
    fs::remove_all(trash(workspace), error);
    fs::remove(workspace.trash(), error); // unless corpora wait there
}

void refuseImported(const std::string &run, const std::string &importedFrom) {
    if (!importedFrom.empty())
        throw Error(run + " was imported from " + importedFrom +
                        " and has no training to go on with. Train a new one instead.",
                    Error::Kind::Usage);
}

double scaleLearningRate(const Workspace &workspace, RunKind kind, const std::string &name, double factor) {
    workspace.requireWritable();
    const RunFolder folder(runFolder(workspace, kind, name));
    const auto lock = folder.lock();
    RunFolder::State state = folder.read();
    refuseImported(name, state.importedFrom);
    double rate = 0;
    state.training = kind == RunKind::Gpt ? scaled(state.training, gptTrainingConfigFromJson, factor, rate)
                                          : scaled(state.training, transcoderTrainingConfigFromJson, factor, rate);
    folder.commit(state);
    return rate;
}

} // namespace tt
