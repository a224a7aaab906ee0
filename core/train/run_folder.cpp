#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/train/run_folder_impl.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <unistd.h>

namespace tt {

namespace fs = std::filesystem;

std::unique_ptr<const FolderLock> RunFolder::lock() const {
    if (!fs::exists(folder_))
        return nullptr;
    auto lock = std::make_unique<const FolderLock>(folder_);
    if (lock->state() == FolderLock::State::Unwritable) {
        requireWritableFolder(folder_);
        throw Error("The file " + file(".lock").string() + " cannot be written. Nothing was changed.");
    }
    if (lock->state() == FolderLock::State::Elsewhere) {
        const bool here = lock->holder() == static_cast<long>(::getpid());
        const std::string who = here             ? "here already"
                                : lock->holder() ? "by another program, process " + std::to_string(*lock->holder())
                                                 : "by another program";
        throw Error(folder_.filename().string() + " is being trained or changed " + who +
                    ". Wait until that has ended, or stop it there. Nothing was changed.");
    }
    return lock;
}

std::unique_ptr<const FolderLock> RunFolder::create(const std::string &what, const std::string &configJson) const {
    makeFolder(folder_);
    auto held = lock(); // before looking: two may want the same name
    if (fs::exists(file("state.json")))
        throw Error("There is a " + what + " named " + folder_.filename().string() +
                        " already. Choose another name, or resume it.",
                    Error::Kind::Usage);
    std::error_code error;
    fs::remove(file("metrics.jsonl"), error); // of a run that was killed before its first checkpoint
    writeFileAtomically(file("config.json"), configJson);
    return held;
}

RunFolder::State RunFolder::read() const {
    const std::string what = file("state.json").string();
    const Json json = readJsonObject(file("state.json"));
    return {.step = member<int64_t>(json, "step", what),
            .seconds = member<double>(json, "seconds", what),
            .finished = member<bool>(json, "finished", what),
            .training = member<Json>(json, "training", what).dump(),
            .files = member<std::vector<std::string>>(json, "files", what),
            .importedFrom = memberOr<std::string>(json, "imported_from", "", what)};
}

void RunFolder::commit(const State &state) const {
    std::vector<std::string> before;
    if (fs::exists(file("state.json")))
        before = read().files;
    OrderedJson json{{"step", state.step},
                     {"seconds", state.seconds},
                     {"finished", state.finished},
                     {"files", state.files},
                     {"training", OrderedJson::parse(state.training)}};
    if (!state.importedFrom.empty())
        json["imported_from"] = state.importedFrom;
    writeFileAtomically(file("state.json"), writeJson(json));
    for (const std::string &name : before) {
        std::error_code error; // what cannot be removed only takes room
        if (std::find(state.files.begin(), state.files.end(), name) == state.files.end())
            fs::remove(file(name), error);
    }
}

void RunFolder::tidy(const State &state) const {
    static const std::regex leftover(R"((model|optimizer)-\d+\.safetensors|.*\.link)");
    std::vector<fs::path> found;
    std::error_code error;
    for (const auto &entry : fs::directory_iterator(folder_, error)) {
        const std::string name = entry.path().filename().string();
        if ((std::regex_match(name, leftover) || isHalfWritten(name)) &&
            std::find(state.files.begin(), state.files.end(), name) == state.files.end())
            found.push_back(entry.path());
    }
    for (const fs::path &path : found)
        fs::remove(path, error); // what cannot be removed only takes room
}

void RunFolder::link(const std::string &target, const std::string &name) const {
    const fs::path temporary = file(name + ".link");
    std::error_code error;
    fs::remove(temporary, error);
    fs::create_hard_link(file(target), temporary, error);
    if (error) { // a file system without hard links
        writeFileAtomically(file(name), readFile(file(target), size_t{1} << 40));
        return;
    }
    fs::rename(temporary, file(name));
}

void RunFolder::truncateMetrics(int64_t step) const {
    std::vector<TrainingPoint> points = readMetrics(file("metrics.jsonl").string());
    std::string text;
    for (const TrainingPoint &point : points)
        if (point.step <= step)
            text += toJson(point) + "\n";
    writeFileAtomically(file("metrics.jsonl"), text);
}

void RunFolder::appendMetrics(const std::vector<TrainingPoint> &points) const {
    std::ofstream out(file("metrics.jsonl"), std::ios::app);
    for (const TrainingPoint &point : points)
        out << toJson(point) << '\n';
    if (!out.flush())
        throw Error("Writing failed: " + file("metrics.jsonl").string() + ". Free some space and resume the run.");
}

} // namespace tt
