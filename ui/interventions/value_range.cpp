#include "ui/interventions/value_range.h"

#include <algorithm>

namespace tt {

namespace {

ValueRange ownRange(InterventionAction action, double activation, double maximum) {
    const double own = std::max(activation, maximum), largest = own > 0 ? own : 1; // a feature that never fired
    switch (action) {
    case InterventionAction::Multiply:
        return {0, 2, 1};
    case InterventionAction::Add:
        return {-largest, largest, 0};
    case InterventionAction::Ablate:
    case InterventionAction::Set:
        break;
    }
    return {0, largest, activation};
}

} // namespace

ValueRange valueRange(InterventionAction action, double activation, double maximum, double value) {
    ValueRange range = ownRange(action, activation, maximum);
    range.lower = std::min(range.lower, value);
    range.upper = std::max(range.upper, value);
    return range;
}

} // namespace tt
