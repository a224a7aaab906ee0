#pragma once

#include "core/circuits/intervention.h"

namespace tt {

/// What a slider spans for a row: the feature's own range on the corpus, in the units of the row's action, and the
/// row's value where that lies outside.
struct ValueRange {
    double lower = 0, upper = 1;
    double present = 0; ///< the value that changes nothing
    bool operator==(const ValueRange &) const = default;
};
/// `activation` is the feature's in the prompt at the row's place, `maximum` its largest on the corpus.
ValueRange valueRange(InterventionAction action, double activation, double maximum, double value);

} // namespace tt
