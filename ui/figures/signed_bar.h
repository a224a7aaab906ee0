#pragma once

class QPainter;
class QRect;

namespace tt {

/// The bar of a signed weight, from the left of `room`: a share −1 … 1 of its width, at least 3 pixels. What raises is
/// filled, what lowers is hollow.
void paintSignedBar(QPainter &painter, const QRect &room, double share);

} // namespace tt
