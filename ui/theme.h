#pragma once

#include "core/circuits/attribution.h"

#include <QColor>
#include <QFont>

#include <array>

class QApplication;

namespace tt {

/// Every colour of the window (design.md §2), light or dark. The one place where colours are named.
struct Theme {
    bool dark = false;
    QColor background, panel, alternate, rail;
    QColor line, innerLine, fieldBorder;
    QColor ink, secondaryInk, tertiaryInk, disabledInk;
    QColor accent, accentText, link;
    QColor hover, selected, focus;
    QColor okText, okGround;
    QColor warningText, warningGround, warningLine;
    QColor errorText, errorGround;
    QColor edgeRaises, edgeLowers, edgeUnlit;
    std::array<QColor, 4> curves;
    QColor referenceCurve, bar, chartGrid;
    struct NodeColours {
        QColor border, fill, text;
    };
    std::array<NodeColours, 6> nodes; ///< by NodeKind
    [[nodiscard]] const NodeColours &node(NodeKind kind) const { return nodes[static_cast<size_t>(kind)]; }
};

/// The theme in force. Widgets read it when they paint and repaint on QEvent::PaletteChange.
const Theme &theme();

/// Fill for an activation that is `share` (0 … 1) of the feature's largest on the corpus; transparent at 0.
QColor activationColour(double share);
/// Black or white, whichever contrasts more with the fill.
QColor textOn(const QColor &fill);

/// Sets palette, fonts and the little style sheet of `application` by TT_COLOR_SCHEME (light, dark) or the system's
/// palette, and follows the system when that changes.
void applyTheme(QApplication &application);

/// Sizes are design.md's pixels at 96 dpi, scaled with the application font.
enum class TextRole { Body, Secondary, Small, Heading, SectionTitle, Mono, MonoSmall };
QFont font(TextRole role);
/// A length in design pixels, scaled likewise.
int scaled(double designPixels);

} // namespace tt
