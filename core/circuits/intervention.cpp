#include "core/circuits/intervention.h"

#include "core/circuits/graph_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

namespace tt {
namespace {

constexpr double largestValue = 1e6; // far beyond any activation; its square is still a float
constexpr int longestRange = 1'000'000;

constexpr std::array actionNames{"ablate", "set", "multiply", "add"};
constexpr std::array modeNames{"free", "frozen-attention", "direct"};
constexpr std::array optionNames{"--ablate", "--set", "--scale", "--add"};

template <class Enum, size_t N>
Enum fromName(const std::array<const char *, N> &names, const std::string &text, const char *what) {
    std::string list;
    for (size_t i = 0; i < N; ++i) {
        if (text == names[i])
            return static_cast<Enum>(i);
        list += (i == 0 ? "" : i + 1 == N ? " or " : ", ") + std::string(names[i]);
    }
    throw Error("There is no " + std::string(what) + " \"" + text + "\". Use " + list + ".", Error::Kind::Usage);
}

std::optional<int> wholeNumber(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0)
        return std::nullopt;
    return value;
}

[[noreturn]] void throwPlaces(const std::string &text) {
    throw Error("The position \"" + text +
                    "\" is not understood. Use a position, several (0,2-5), last, all or generated.",
                Error::Kind::Usage);
}

/// "3" or "2-5".
void addRange(std::string_view part, const std::string &whole, std::vector<int> &positions) {
    const size_t dash = part.find('-');
    const auto first = wholeNumber(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : wholeNumber(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first > longestRange)
        throwPlaces(whole);
    for (int position = *first; position <= *last; ++position)
        positions.push_back(position);
}

[[noreturn]] void throwIntervention(InterventionAction action, const std::string &text) {
    const std::string form =
        action == InterventionAction::Ablate ? "LAYER/POSITION/FEATURE" : "LAYER/POSITION/FEATURE=VALUE";
    throw Error(std::string(optionNames.at(static_cast<size_t>(action))) + " takes " + form + ", not \"" + text + "\".",
                Error::Kind::Usage);
}

using Cell = std::tuple<int, int, int>; // layer, position, feature

/// Whether a row can be done at all, in words if not.
std::string problemOf(const Intervention &row, const TranscoderConfig &transcoder, int promptLength) {
    if (row.layer < 0 || row.layer >= transcoder.layers)
        return "There is no layer " + std::to_string(row.layer) + ": the transcoder has the layers 0 to " +
               std::to_string(transcoder.layers - 1) + ".";
    if (row.feature < 0 || row.feature >= transcoder.features)
        return "There is no feature " + std::to_string(row.feature) + " in layer " + std::to_string(row.layer) +
               ": it has the features 0 to " + std::to_string(transcoder.features - 1) + ".";
    if (row.places.kind == InterventionPlaces::Kind::Chosen && row.places.chosen.empty())
        return "The row names no position.";
    for (const int position : row.places.chosen)
        if (position < 0 || position >= promptLength)
            return "There is no position " + std::to_string(position) + ": the prompt has the positions 0 to " +
                   std::to_string(promptLength - 1) + ".";
    if (row.action != InterventionAction::Ablate && !(std::abs(row.value) <= largestValue))
        return "The value " + (std::isfinite(row.value) ? exactNumber(row.value) : "given") +
               " is too large to compute with; the largest is 1,000,000.";
    return {};
}

/// Calls visit(row, position) for every place of the enabled rows without a problem, in the list's order.
template <class Visit>
void forEachPlace(const std::vector<Intervention> &list, const TranscoderConfig &transcoder, int promptLength,
                  int first, int last, Visit &&visit) {
    for (size_t row = 0; row < list.size(); ++row)
        if (list[row].enabled && problemOf(list[row], transcoder, promptLength).empty())
            for (int position = first; position <= last; ++position)
                if (list[row].places.contains(position, promptLength))
                    visit(row, position);
}

} // namespace

bool InterventionPlaces::contains(int position, int promptLength) const {
    switch (kind) {
    case Kind::Chosen:
        return std::binary_search(chosen.begin(), chosen.end(), position);
    case Kind::Last:
        return position == promptLength - 1;
    case Kind::All:
        return true;
    case Kind::Generated:
        return position >= promptLength;
    }
    return false;
}

std::string toString(InterventionAction action) {
    return actionNames.at(static_cast<size_t>(action));
}

std::string toString(InterventionMode mode) {
    return modeNames.at(static_cast<size_t>(mode));
}

std::string toString(const InterventionPlaces &places) {
    switch (places.kind) {
    case InterventionPlaces::Kind::Last:
        return "last";
    case InterventionPlaces::Kind::All:
        return "all";
    case InterventionPlaces::Kind::Generated:
        return "generated";
    case InterventionPlaces::Kind::Chosen:
        break;
    }
    std::string text;
    for (const int position : places.chosen)
        text += (text.empty() ? "" : ",") + std::to_string(position);
    return text;
}

InterventionMode interventionModeFromString(const std::string &text) {
    return fromName<InterventionMode>(modeNames, text, "mode");
}

InterventionAction interventionActionFromString(const std::string &text) {
    return fromName<InterventionAction>(actionNames, text, "action");
}

InterventionPlaces parsePlaces(const std::string &text) {
    using Kind = InterventionPlaces::Kind;
    for (const Kind kind : {Kind::Last, Kind::All, Kind::Generated})
        if (text == toString(InterventionPlaces{kind, {}}))
            return {kind, {}};
    InterventionPlaces places{Kind::Chosen, {}};
    std::string_view rest = text;
    while (true) {
        const size_t comma = rest.find(',');
        addRange(rest.substr(0, comma), text, places.chosen);
        if (comma == std::string_view::npos)
            break;
        rest.remove_prefix(comma + 1);
    }
    std::sort(places.chosen.begin(), places.chosen.end());
    places.chosen.erase(std::unique(places.chosen.begin(), places.chosen.end()), places.chosen.end());
    return places;
}

Intervention parseIntervention(InterventionAction action, const std::string &text) {
    const bool valued = action != InterventionAction::Ablate;
    const size_t equals = text.find('='), end = std::min(equals, text.size());
    const size_t one = text.find('/'), two = one == std::string::npos ? one : text.find('/', one + 1);
    if (two == std::string::npos || two >= end || valued != (equals != std::string::npos))
        throwIntervention(action, text);
    const auto layer = wholeNumber(std::string_view(text).substr(0, one));
    const auto feature = wholeNumber(std::string_view(text).substr(two + 1, end - two - 1));
    if (!layer || !feature)
        throwIntervention(action, text);
    Intervention row{.layer = *layer,
                     .feature = *feature,
                     .places = parsePlaces(text.substr(one + 1, two - one - 1)),
                     .action = action};
    if (valued) {
        const char *first = text.data() + equals + 1, *last = text.data() + text.size();
        const auto [stop, error] = std::from_chars(first, last, row.value);
        if (error == std::errc::result_out_of_range)
            throw Error("The value in \"" + text + "\" is too large to compute with; the largest is 1,000,000.",
                        Error::Kind::Usage);
        if (error != std::errc() || stop != last || !std::isfinite(row.value))
            throwIntervention(action, text);
    }
    return row;
}

std::string toOption(const Intervention &row) {
    const std::string value = row.action == InterventionAction::Ablate ? "" : "=" + exactNumber(row.value);
    return std::string(optionNames.at(static_cast<size_t>(row.action))) + " " + std::to_string(row.layer) + "/" +
           toString(row.places) + "/" + std::to_string(row.feature) + value;
}

std::vector<RowNote> checkInterventions(const std::vector<Intervention> &list, const TranscoderConfig &transcoder,
                                        int promptLength) {
    std::vector<RowNote> notes(list.size());
    for (size_t row = 0; row < list.size(); ++row)
        if (const std::string problem = problemOf(list[row], transcoder, promptLength); !problem.empty())
            notes[row] = {RowNote::Kind::Problem, problem};
    std::map<Cell, size_t> decides;
    // One position behind the prompt stands for all that is generated.
    forEachPlace(list, transcoder, promptLength, 0, promptLength, [&](size_t row, int position) {
        const auto [found, first] = decides.try_emplace({list[row].layer, position, list[row].feature}, row);
        if (first)
            return;
        const std::string where =
            position < promptLength ? "at position " + std::to_string(position) : "at generated tokens";
        notes[found->second] = {RowNote::Kind::Overridden,
                                "Row " + std::to_string(row + 1) + " decides " + where + ": the later row counts."};
        found->second = row;
    });
    return notes;
}

std::vector<PlacedChange> placeInterventions(const std::vector<Intervention> &list, const TranscoderConfig &transcoder,
                                             int promptLength, int first, int last) {
    std::map<Cell, PlacedChange> cells;
    forEachPlace(list, transcoder, promptLength, first, last, [&](size_t row, int position) {
        const Intervention &at = list[row];
        cells[{at.layer, position, at.feature}] = {at.layer, position, at.feature, at.action, at.value};
    });
    std::vector<PlacedChange> changes;
    for (const auto &[cell, change] : cells)
        changes.push_back(change);
    return changes;
}

double changedActivation(const PlacedChange &change, double activation) {
    switch (change.action) {
    case InterventionAction::Ablate:
        return 0;
    case InterventionAction::Set:
        return change.value;
    case InterventionAction::Multiply:
        return change.value * activation;
    case InterventionAction::Add:
        return activation + change.value;
    }
    return activation;
}

} // namespace tt
