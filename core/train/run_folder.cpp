#include "core/io/file.h"
#include "core/io/json_impl.h"
#include "core/train/run_folder_impl.h"

#include <algorithm>
#include <fstream>
#include <regex>

namespace tt {

namespace fs = std::filesystem;

void RunFolder::create(const std::string &what, const std::string &configJson) const {
    if (fs::exists(file("state.json")))
        throw Error("There is a " + what + " named " + folder_.filename().string() +
                        " already. Choose another name, or resume it.",
                    Error::Kind::Usage);
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error)
        throw Error("The folder " + folder_.string() + " cannot be made: " + error.message() + ".");
    fs::remove(file("metrics.jsonl"), error); // of a run that was killed before its first checkpoint
    writeFileAtomically(file("config.json"), configJson);
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
