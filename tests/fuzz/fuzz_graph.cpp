// The JSON files of graphs, interventions and labels; the first byte chooses which. What is read makes sense and,
// written again, reads back.
#include "core/circuits/annotations.h"
#include "core/circuits/intervention_list.h"
#include "core/circuits/saved_graph.h"
#include "core/features/feature_labels.h"
#include "fuzz/target.h"

#include <cmath>

using namespace tt;

namespace {

void readGraph(const std::string &json) {
    const SavedGraph graph = savedGraphFromJson(json, "graphs/g.json");
    fuzz::require(!graph.nodes.empty() && !graph.prompt.empty(), "a graph has nodes and a prompt");
    fuzz::require(graph.annotations.validate().empty(), "its annotations do not contradict themselves");
    for (const double share : {graph.settings.nodeThreshold, graph.settings.edgeThreshold})
        fuzz::require(share >= 0 && share <= 1, "a threshold is a share");
    fuzz::require(std::isfinite(graph.maxResidual + graph.scores.replacement + graph.scores.completeness),
                  "its numbers are finite");
}

void readRows(const std::string &json) {
    const InterventionList list = interventionListFromJson(json, "interventions/t.json");
    const InterventionList again = interventionListFromJson(toJson(list), "again");
    fuzz::require(again.rows == list.rows && again.mode == list.mode, "rows read back");
    fuzz::require(checkInterventions(list.rows, {}, 4).size() == list.rows.size(), "every row is judged");
    for (const Intervention &row : list.rows)
        fuzz::require(toOption(row).starts_with("--"), "a row is an option of the command line");
    fuzz::require(!toCsv(list).empty(), "rows are written as CSV");
}

/// Whatever stands in the file, a note can be added, and what was understood stays.
void readLabels(std::string_view bytes) {
    const std::filesystem::path folder = fuzz::folder() / "labels";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    fuzz::write("labels/labels.json", bytes);
    FeatureLabels before = readFeatureLabels(folder);
    const FeatureNote note{.label = "a label", .notes = "", .starred = true};
    writeFeatureNote(folder, 3, 7, note);
    before.notes[{3, 7}] = note;
    const FeatureLabels after = readFeatureLabels(folder);
    fuzz::require(after.problem.empty() && after.notes.size() == before.notes.size(), "no note is lost");
    fuzz::require(after.notes.at({3, 7}) == note, "the new one is there");
    fuzz::require(before.problem.empty() == !std::filesystem::exists(folder / "labels.unreadable.json"),
                  "what is not understood is put aside");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes = fuzz::text(data + 1, size - 1);
    try {
        switch (data[0] % 3U) {
        case 0:
            readGraph(std::string(bytes));
            break;
        case 1:
            readRows(std::string(bytes));
            break;
        default:
            readLabels(bytes);
        }
    } catch (const Error &error) {
        fuzz::require(*error.what() != '\0', "an error says something");
    }
    return 0;
}
