// SPDX-License-Identifier: Apache-2.0

//! The sensor that the devicetree calls `sensor0`, by Zephyr's sensor API.

/// What is measured, in the order of `enum ss_quantity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The temperature of the air, in degrees Celsius.
    Temperature,
    /// The relative humidity of the air, in percent.
    Humidity,
}

/// All of them, in their order.
const QUANTITIES: [Quantity; 2] = [Quantity::Temperature, Quantity::Humidity];

/// An errno of Zephyr's, negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorErrno(pub i32);

unsafe extern "C" {
    fn ss_sensor_sample(milli: *mut [i64; QUANTITIES.len()], there: *mut u32) -> i32;
}

/// Takes a sample: each quantity that the sensor has, in thousandths of its unit.
///
/// # Errors
///
/// What the driver says.
pub fn sample() -> Result<impl Iterator<Item = (Quantity, i64)>, SensorErrno> {
    let mut milli = [0; QUANTITIES.len()];
    let mut there = 0;
    // SAFETY: both pointers are to locals, the first to as many as SS_QUANTITIES.
    let error = unsafe { ss_sensor_sample(&mut milli, &mut there) };
    if error != 0 {
        return Err(SensorErrno(error));
    }
    let has = move |quantity: &(Quantity, i64)| there & (1 << quantity.0 as u32) != 0;
    Ok(QUANTITIES.into_iter().zip(milli).filter(has))
}
