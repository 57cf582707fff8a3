use hayro::hayro_syntax::page::Page;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::RgbImage;

/// Renders a page on white paper at about `dpi`; a large page gets fewer
/// pixels per inch so that no side passes 3400. Gives the pixels and pixels per point.
///
/// `None` for a page without area.
#[must_use]
pub fn render(page: &Page<'_>, dpi: f32) -> Option<(RgbImage, f32)> {
    let (width, height) = page.render_dimensions();
    if !(width > 1.0 && height > 1.0) {
        return None;
    }
    let scale = (dpi / 72.0).min(3400.0 / width.max(height));
    let settings =
        PixmapSettings { x_scale: scale, y_scale: scale, bg_color: hayro::vello_cpu::color::palette::css::WHITE };
    let pixmap = hayro::render(
        page,
        &RenderCache::new(),
        &hayro::hayro_interpret::InterpreterSettings::default(),
        &RenderSettings::default(),
        &settings,
    );
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let rgb = pixmap.data_as_u8_slice().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    RgbImage::from_raw(width, height, rgb).map(|image| (image, scale))
}
