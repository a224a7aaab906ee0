#pragma once

#include "ui/widgets/roles.h"

#include <QIcon>
#include <QPixmap>

namespace tt {

/// An icon of resources/icons/<name>.svg in the theme's ink; follows light and dark, greys when disabled and takes the
/// accent when checked.
QIcon icon(const QString &name);
/// The same in one colour and size (device-independent pixels), for labels.
QPixmap iconPixmap(const QString &name, Ink ink, int size, double devicePixelRatio);
QPixmap iconPixmap(const QString &name, const QColor &colour, int size, double devicePixelRatio);

} // namespace tt
