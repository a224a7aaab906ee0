#pragma once

#include "core/circuits/intervention.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tt {

/// Interventions with the prompt they were made for, as a workspace keeps them and as they are exported.
struct InterventionList {
    std::string transcoder, prompt;
    InterventionMode mode = InterventionMode::Free;
    std::vector<Intervention> rows;
    bool operator==(const InterventionList &) const = default;
};

/// {"transcoder", "prompt", "mode", "interventions": [{layer, feature, position, action, value, enabled}]}
std::string toJson(const InterventionList &list);
/// `what` names the text in errors. Throws Error for a missing or wrong key.
InterventionList interventionListFromJson(const std::string &json, const std::string &what);
/// One row a line: layer,feature,position,action,value,enabled.
std::string toCsv(const InterventionList &list);

InterventionList readInterventions(const std::filesystem::path &file);
/// By the name's end: .json or .csv, else Error(Usage). The file appears whole or not at all.
void writeInterventions(const InterventionList &list, const std::filesystem::path &file);

} // namespace tt
