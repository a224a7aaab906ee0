#include "core/circuits/intervention_list.h"

#include "core/circuits/graph_text.h"
#include "core/io/file.h"
#include "core/io/json_impl.h"

#include <cmath>

namespace tt {
namespace {

OrderedJson rowJson(const Intervention &row) {
    OrderedJson json{{"layer", row.layer},
                     {"feature", row.feature},
                     {"position", toString(row.places)},
                     {"action", toString(row.action)}};
    if (row.action != InterventionAction::Ablate)
        json["value"] = row.value;
    json["enabled"] = row.enabled;
    return json;
}

Intervention rowFromJson(const Json &json, const std::string &what) {
    if (!json.is_object())
        throw Error(what + ": a row of \"interventions\" is no object.");
    const auto action = interventionActionFromString(member<std::string>(json, "action", what));
    return {.layer = member<int>(json, "layer", what),
            .feature = member<int>(json, "feature", what),
            .places = parsePlaces(member<std::string>(json, "position", what)),
            .action = action,
            .value = action == InterventionAction::Ablate ? 0 : member<double>(json, "value", what),
            .enabled = memberOr<bool>(json, "enabled", true, what)};
}

} // namespace

std::string toJson(const InterventionList &list) {
    OrderedJson rows = OrderedJson::array();
    for (const Intervention &row : list.rows)
        rows.push_back(rowJson(row));
    return writeJson({{"transcoder", list.transcoder},
                      {"prompt", list.prompt},
                      {"mode", toString(list.mode)},
                      {"interventions", rows}});
}

InterventionList interventionListFromJson(const std::string &text, const std::string &what) {
    const Json json = parseJsonObject(text, what);
    InterventionList list{.transcoder = memberOr<std::string>(json, "transcoder", "", what),
                          .prompt = memberOr<std::string>(json, "prompt", "", what),
                          .mode = interventionModeFromString(memberOr<std::string>(json, "mode", "free", what)),
                          .rows = {}};
    const Json rows = member<Json>(json, "interventions", what);
    if (!rows.is_array())
        throw Error(what + ": \"interventions\" is no list.");
    for (const Json &row : rows)
        list.rows.push_back(rowFromJson(row, what));
    return list;
}

std::string toCsv(const InterventionList &list) {
    std::string csv = "layer,feature,position,action,value,enabled\n";
    for (const Intervention &row : list.rows)
        csv += std::to_string(row.layer) + "," + std::to_string(row.feature) + ",\"" + toString(row.places) + "\"," +
               toString(row.action) + "," + (row.action == InterventionAction::Ablate ? "" : exactNumber(row.value)) +
               "," + (row.enabled ? "1" : "0") + "\n";
    return csv;
}

InterventionList readInterventions(const std::filesystem::path &file) {
    constexpr size_t largestFile = size_t{1} << 24;
    return interventionListFromJson(readFile(file, largestFile), file.string());
}

void writeInterventions(const InterventionList &list, const std::filesystem::path &file) {
    if (file.extension() == ".json")
        writeFileAtomically(file, toJson(list));
    else if (file.extension() == ".csv")
        writeFileAtomically(file, toCsv(list));
    else
        throw Error(file.string() + ": interventions are written as .json or .csv.", Error::Kind::Usage);
}

} // namespace tt
