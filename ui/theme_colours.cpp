#include "ui/theme_colours.h"

#include <algorithm>
#include <cmath>

namespace tt {
namespace {

QColor hex(unsigned value) {
    return QColor::fromRgb(value);
}

/// Relative luminance of sRGB, WCAG 2.1.
double luminance(const QColor &colour) {
    const auto linear = [](double channel) {
        return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

using ActivationStops = std::array<unsigned, 5>; // at 0, ¼, ½, ¾, 1
constexpr ActivationStops lightStops{0xFFF7E0, 0xFFE08F, 0xFFBF3F, 0xE08A00, 0xA05200};
constexpr ActivationStops darkStops{0x2F2718, 0x5A4113, 0x946410, 0xD6932A, 0xFFD27A};

QColor mix(const QColor &from, const QColor &to, double share) {
    const auto channel = [share](double a, double b) { return static_cast<float>(a + (b - a) * share); };
    return QColor::fromRgbF(channel(from.redF(), to.redF()), channel(from.greenF(), to.greenF()),
                            channel(from.blueF(), to.blueF()));
}

} // namespace

double contrast(const QColor &a, const QColor &b) {
    const double first = luminance(a), second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor textOn(const QColor &fill) {
    return contrast(fill, Qt::black) >= contrast(fill, Qt::white) ? QColor(Qt::black) : QColor(Qt::white);
}

QColor activationColour(double share) {
    if (!(share > 0))
        return Qt::transparent;
    const ActivationStops &stops = theme().dark ? darkStops : lightStops;
    const double place = std::min(share, 1.0) * 4;
    const size_t lower = std::min<size_t>(3, static_cast<size_t>(place));
    return mix(hex(stops[lower]), hex(stops[lower + 1]), place - static_cast<double>(lower));
}

Theme lightTheme() {
    Theme theme;
    theme.background = hex(0xF3F4F6), theme.panel = hex(0xFFFFFF), theme.alternate = hex(0xF8F9FA);
    theme.rail = hex(0xE9ECEF);
    theme.line = hex(0xDADEE4), theme.innerLine = hex(0xECEEF1), theme.fieldBorder = hex(0x8B94A1);
    theme.ink = hex(0x1B1F26), theme.secondaryInk = hex(0x4A5361), theme.tertiaryInk = hex(0x667080);
    theme.disabledInk = hex(0xA3AAB4);
    theme.accent = hex(0x1F66B8), theme.accentText = hex(0xFFFFFF), theme.link = hex(0x1B5CA8);
    theme.hover = hex(0xEEF3FA), theme.selected = hex(0xDCE9F8), theme.focus = hex(0x1F66B8);
    theme.okText = hex(0x1A7443), theme.okGround = hex(0xE5F3EA);
    theme.warningText = hex(0x7F5600), theme.warningGround = hex(0xFFF4D9), theme.warningLine = hex(0xE2B84E);
    theme.errorText = hex(0xB3261E), theme.errorGround = hex(0xFDEBE9);
    theme.edgeRaises = hex(0x2B7BBA), theme.edgeLowers = hex(0xD55E00), theme.edgeUnlit = hex(0xC9CED6);
    theme.curves = {hex(0x0072B2), hex(0xC25400), hex(0x00795A), hex(0xA8558A)};
    theme.referenceCurve = hex(0x8B94A1), theme.bar = hex(0x7FB2D9), theme.chartGrid = hex(0xE6E9ED);
    theme.nodes = {{{hex(0x0072B2), hex(0xE2EFF8), theme.ink},
                    {hex(0x9A4579), hex(0xE9BFD8), theme.ink},
                    {hex(0x4A5361), hex(0xECEEF1), theme.ink},
                    {hex(0xA86F00), hex(0xFDF0D2), theme.ink},
                    {hex(0x7D7400), hex(0xF8F4BF), theme.ink},
                    {hex(0x00694F), hex(0x00795A), hex(0xFFFFFF)}}};
    return theme;
}

Theme darkTheme() {
    Theme theme;
    theme.dark = true;
    theme.background = hex(0x17191D), theme.panel = hex(0x1E2126), theme.alternate = hex(0x23272D);
    theme.rail = hex(0x131518);
    theme.line = hex(0x363C45), theme.innerLine = hex(0x2A2F36), theme.fieldBorder = hex(0x6C7582);
    theme.ink = hex(0xE7EAEE), theme.secondaryInk = hex(0xB9C0CA), theme.tertiaryInk = hex(0x929BA8);
    theme.disabledInk = hex(0x626B77);
    theme.accent = hex(0x2B72C8), theme.accentText = hex(0xFFFFFF), theme.link = hex(0x7DB4F2);
    theme.hover = hex(0x272D36), theme.selected = hex(0x213A58), theme.focus = hex(0x5AA0EC);
    theme.okText = hex(0x5CC48F), theme.okGround = hex(0x17342A);
    theme.warningText = hex(0xE8BC4A), theme.warningGround = hex(0x3A2F12), theme.warningLine = hex(0x8A6A1C);
    theme.errorText = hex(0xF28B82), theme.errorGround = hex(0x43221F);
    theme.edgeRaises = hex(0x5AAEEA), theme.edgeLowers = hex(0xFF9A57), theme.edgeUnlit = hex(0x3D444E);
    theme.curves = {hex(0x5AAEEA), hex(0xFF9A57), hex(0x3FC79A), hex(0xE79AC6)};
    theme.referenceCurve = hex(0x7A8491), theme.bar = hex(0x3E7FB5), theme.chartGrid = hex(0x2C3138);
    theme.nodes = {{{hex(0x5AAEEA), hex(0x16324A), theme.ink},
                    {hex(0xE79AC6), hex(0x6B3A5B), theme.ink},
                    {hex(0xA9B2BE), hex(0x2D323A), theme.ink},
                    {hex(0xF0B545), hex(0x3E3013), theme.ink},
                    {hex(0xDDD255), hex(0x36330F), theme.ink},
                    {hex(0x6FDDB8), hex(0x35AC85), hex(0x0C1A14)}}};
    return theme;
}

} // namespace tt
