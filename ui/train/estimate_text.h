#pragma once

#include "ui/values.h"

namespace tt {

struct EstimateText {
    QString text;    ///< one sentence, rich text: "<b>About 17 min</b> beside 2 runs (10 alone), …"; may be empty
    QString details; ///< plain, for the tooltip
    bool warning = false; ///< something will not suffice
};

/// What a form says of a run before it starts, while `otherRuns` train on `otherThreads`.
EstimateText estimateText(const EstimateState &state, int otherRuns, int otherThreads);

/// "45 MB", "2.1 GB"
QString bytesText(double bytes);

} // namespace tt
