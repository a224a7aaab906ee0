#pragma once

#include "core/error.h"
#include "core/nn/transcoder.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tt {

/// What becomes of an activation a: 0, the value, a times the value, a plus the value.
enum class InterventionAction { Ablate, Set, Multiply, Add };

/// What answers to a change (method.md §8). Free: everything downstream. Frozen attention: everything but the attention
/// patterns. Direct: nothing; patterns, LN scales and MLP outputs are held, which gives the edges of the graph.
enum class InterventionMode { Free, FrozenAttention, Direct };

/// Where a feature is changed. Positions count the tokens that were read, from 0.
struct InterventionPlaces {
    /// Chosen: those listed. Last: of the prompt, whatever is generated after it. All: of the prompt and of what is
    /// generated. Generated: after the prompt only.
    enum class Kind { Chosen, Last, All, Generated } kind = Kind::Last;
    std::vector<int> chosen; ///< ascending, Chosen only
    bool operator==(const InterventionPlaces &) const = default;
    [[nodiscard]] bool contains(int position, int promptLength) const;
};

/// A row of a list of interventions.
struct Intervention {
    int layer = 0, feature = 0;
    InterventionPlaces places;
    InterventionAction action = InterventionAction::Ablate;
    double value = 0; ///< in the feature's own units (a factor for Multiply); not read by Ablate
    bool enabled = true;
    bool operator==(const Intervention &) const = default;
};

std::string toString(InterventionAction action);        // "ablate", "set", "multiply", "add"
std::string toString(InterventionMode mode);            // "free", "frozen-attention", "direct"
std::string toString(const InterventionPlaces &places); // "last", "all", "generated", "3", "0,2,5"
InterventionMode interventionModeFromString(const std::string &text);
InterventionAction interventionActionFromString(const std::string &text);
/// Positions and ranges separated by commas ("0,2-5"), "last", "all" or "generated". Throws Error(Usage).
InterventionPlaces parsePlaces(const std::string &text);
/// "L/P/F" for Ablate, "L/P/F=V" for the others, as of the command line. Throws Error(Usage).
Intervention parseIntervention(InterventionAction action, const std::string &text);
/// The command line's option of a row: "--set 1/last/640=2.5".
std::string toOption(const Intervention &intervention);

/// What a row cannot do, or does not do because a later row decides about the same place.
struct RowNote {
    enum class Kind { None, Overridden, Problem } kind = Kind::None;
    std::string text;
    bool operator==(const RowNote &) const = default;
};
/// One note a row. A row with a problem has no effect; of two enabled rows for one feature at one place the later
/// counts.
std::vector<RowNote> checkInterventions(const std::vector<Intervention> &list, const TranscoderConfig &transcoder,
                                        int promptLength);

/// One activation that is changed in a pass.
struct PlacedChange {
    int layer = 0, position = 0, feature = 0;
    InterventionAction action = InterventionAction::Ablate;
    double value = 0;
    bool operator==(const PlacedChange &) const = default;
};
/// What the enabled rows without a problem change at positions first … last, each place once, by layer, position and
/// feature.
std::vector<PlacedChange> placeInterventions(const std::vector<Intervention> &list, const TranscoderConfig &transcoder,
                                             int promptLength, int first, int last);
/// The activation that `change` makes of `activation`.
double changedActivation(const PlacedChange &change, double activation);

} // namespace tt
