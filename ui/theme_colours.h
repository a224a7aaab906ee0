#pragma once

#include "ui/theme.h"

namespace tt {

/// The two columns of design.md §2.
Theme lightTheme();
Theme darkTheme();

/// Contrast of two opaque colours after WCAG 2.1, 1 … 21.
double contrast(const QColor &a, const QColor &b);

} // namespace tt
